"""Answer normalisation before comparison, by language profile.

A profile is one row of `PROFILES`. The only row so far, "en", does what the official SQuAD
scripts do (evaluate-v1.1.py and evaluate-v2.0.py share the function): lower-case, delete ASCII
punctuation, delete the articles, collapse white space, in this order.

Normalised text is for comparing answers only. Contexts are never normalised, and neither is
anything that offsets point into.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

from qatoolkit.errors import UsageError


@dataclass(frozen=True)
class Profile:
    """What one language's answers lose before they are compared.

    Attributes:
        punctuation: the characters that are deleted (not replaced by a blank).
        articles: matches the words that become a blank.
    """

    punctuation: str
    articles: re.Pattern[str]

    def __call__(self, text: str) -> str:
        bare = text.lower().translate(dict.fromkeys(map(ord, self.punctuation)))
        return " ".join(self.articles.sub(" ", bare).split())


PROFILES = {
    "en": Profile(string.punctuation, re.compile(r"\b(?:a|an|the)\b")),
}


def normalize_answer(text: str, language: str = "en") -> str:
    """The text as it is compared: words separated by single blanks, possibly none.

    Args:
        text: an annotated or predicted answer.
        language: a key of `PROFILES`.

    Raises:
        UsageError: there is no profile of that name.
    """
    return profile(language)(text)


def profile(language: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: there is none.
    """
    if language not in PROFILES:
        raise UsageError(f"no answer normalisation for language {language!r}; known: {', '.join(PROFILES)}")
    return PROFILES[language]
