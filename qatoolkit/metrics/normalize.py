"""Answer normalisation before comparison, and the units that F1 counts, by language profile.

A profile is one row of `PROFILES`. All of them lower-case, delete punctuation, turn articles into
blanks and collapse white space, in this order, as the official scripts do:

- "en" follows SQuAD (evaluate-v1.1.py and evaluate-v2.0.py share the function): ASCII punctuation only.
- "de", "es", "ar", "hi", "vi" follow MLQA (mlqa_evaluation_v1.py): all Unicode punctuation, and the
  articles listed there. Its Arabic article goes wherever the two letters stand, also within a word.
- "zh", "ja", "th" are written without blanks between words: white space says nothing there, and F1
  counts characters. The units are those of MLQA and CMRC 2018 for Chinese: a Han character by itself, a
  word or number of another script whole, since a few letters in common do not make two foreign names
  alike. Kana and Thai letters are units in the same way. A vowel sign, tone or voicing mark stays with
  its letter, where MKQA counts it alone: signs shared by unrelated words would earn points.
- "other" is for all other languages: as MLQA's, without articles.

Normalised text is for comparing answers only. Contexts are never normalised, and neither is
anything that offsets point into. Which language a text is in, `language` tells.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from qatoolkit.errors import UsageError


@dataclass(frozen=True)
class Profile:
    """What one language's answers lose before they are compared, and what they are counted in.

    Attributes:
        articles: matches what becomes a blank; None where nothing does.
        unit: matches the units of a language without blanks; None where words stand apart.
        ascii_only: whether only ASCII punctuation is deleted, and none beyond.
    """

    articles: re.Pattern[str] | None = None
    unit: re.Pattern[str] | None = None
    ascii_only: bool = False

    def __call__(self, text: str) -> str:
        """The text as it is compared."""
        return self.closed(self.spaced([text])[0])

    def spaced(self, texts: Sequence[str]) -> list[str]:
        """The normalised texts with single blanks between their units."""
        # One long text takes half the time of many short ones, and no step looks past the separator.
        parts = self._bare(_SEPARATOR.join(texts)).split(_SEPARATOR)
        if len(parts) != len(texts):  # a text holds the separator itself
            parts = [self._bare(text) for text in texts]
        units = self.unit.findall if self.unit else str.split
        return [" ".join(units(part)) for part in parts]

    def closed(self, spaced: str) -> str:
        """What is compared of a text whose units stand apart."""
        return spaced.replace(" ", "") if self.unit else spaced

    def _bare(self, text: str) -> str:
        # Bytes lose characters seven times as fast; none below 128 is ever part of a longer one in UTF-8.
        encoded = text.lower().encode("utf-8", "surrogatepass").translate(None, _ASCII)
        bare = encoded.decode("utf-8", "surrogatepass")
        if not self.ascii_only:
            bare = _UNICODE.sub("", bare)
        return self.articles.sub(" ", bare) if self.articles else bare


# Neither a letter nor white space nor punctuation.
_SEPARATOR = "\0"


def _words(*words: str) -> re.Pattern[str]:
    """Matches any of the words where it stands alone."""
    # The same as \b(?:...)\b, in a third less time: a search for a set of letters skips all others.
    first = "".join({word[0] for word in words})
    rest = "|".join(f"(?<={word[0]}){word[1:]}" for word in words)
    return re.compile(rf"[{first}](?<=\b.)(?:{rest})\b")


_ASCII = string.punctuation.encode()
# Planes above the first two hold ideographs, tags and private characters, and no punctuation.
_UNICODE = re.compile(
    rf"[{''.join(c for c in map(chr, range(128, 0x20000)) if unicodedata.category(c).startswith('P'))}]+"
)

# Thai, ideographic marks and numbers, kana, Han, halfwidth kana, the planes of rare Han characters.
_LETTER = (
    "\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Accents, Thai vowel signs and tone marks, voicing marks of kana, variation selectors.
_MARK = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_CHARACTER = re.compile(rf"[{_LETTER}][{_MARK}]*|[^\s{_LETTER}]+")

PROFILES = {
    "en": Profile(_words("a", "an", "the"), ascii_only=True),
    "de": Profile(
        _words("ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des")
    ),
    "es": Profile(_words("un", "una", "unos", "unas", "el", "la", "los", "las")),
    "ar": Profile(re.compile("ال")),
    "hi": Profile(),
    "vi": Profile(_words("của", "là", "cái", "chiếc", "những")),
    "zh": Profile(unit=_CHARACTER),
    "ja": Profile(unit=_CHARACTER),
    "th": Profile(unit=_CHARACTER),
    "other": Profile(),
}


def normalize_answer(text: str, language: str = "en") -> str:
    """The text as it is compared: words separated by single blanks, possibly none.

    In a language that is written without blanks no white space is left at all.

    Args:
        text: an annotated or predicted answer.
        language: a key of `PROFILES`.

    Raises:
        UsageError: there is no profile of that name.
    """
    return profile(language)(text)


def tokens(text: str, language: str = "en") -> list[str]:
    """The units of the normalised text that F1 counts, in their order.

    Args: as for `normalize_answer`.

    Raises:
        UsageError: there is no profile of that name.
    """
    return profile(language).spaced([text])[0].split()


def profile(language: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: there is none.
    """
    if language not in PROFILES:
        raise UsageError(f"no answer normalisation for language {language!r}; known: {', '.join(PROFILES)}")
    return PROFILES[language]
