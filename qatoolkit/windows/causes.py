"""Why an annotated answer cannot be reached, in a word and in a sentence."""

from __future__ import annotations

from qatoolkit.windows.reach import Reach, Setting

#: From what a number changes to what nothing does.
CAUSES = (
    "longer-than-max-answer-length",
    "no-window-holds-it",
    "token-edges",
    "no-token",
    "not-in-place",
    "normalised-away",
)

_SHOWN = 40


def find_cause(
    reach: Reach, row: int, setting: Setting, text: str, start: int, context: str, *, held: bool
) -> tuple[str, str]:
    """The first thing that has to change before this answer can be reached: cause and detail.

    Args:
        reach: of all answers.
        row: which of them.
        setting: of windows and decoding.
        text: the answer.
        start: where it says it stands.
        context: its context.
        held: whether some window holds all its tokens.
    """
    tokens = int(reach.sizes[row])
    if not text.strip():
        return "no-token", "the answer is blank"
    if start < 0 or not context.startswith(text, start):
        return "not-in-place", f"answer_start {start} does not point at the answer"
    if tokens <= 0:
        return "no-token", f'the tokenizer has no token for "{_short(text)}"'
    if not held:
        parted = f"answer of {tokens} tokens in no window; neighbours share {setting.doc_stride}"
        return "no-window-holds-it", parted
    if tokens > setting.max_answer_length:
        too_long = f"answer of {tokens} tokens; max_answer_length is {setting.max_answer_length}"
        return "longer-than-max-answer-length", too_long
    if not reach.exact[row]:
        return "token-edges", f'"{_short(text)}" begins or ends inside a token'
    return "normalised-away", f'nothing is left of "{_short(text)}" where answers are compared'


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
