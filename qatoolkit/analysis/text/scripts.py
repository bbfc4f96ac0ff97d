"""What has to be known of scripts to find words in them."""

# What stands inside words, for a regular expression: Python's \w leaves out the marks that scripts of Europe,
# of Hebrew and Arabic, of India and of Thailand write with their letters.
IN_WORD = (
    r"[\w\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    r"\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e]"
)
#: Languages whose scripts have no blanks between words.
WITHOUT_BLANKS = frozenset(("zh", "ja", "th"))
