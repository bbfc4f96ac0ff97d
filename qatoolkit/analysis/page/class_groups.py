"""Error classes that call for the same remedy: they share a colour and are read together."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """Some classes and what they have in common.

    Attributes:
        name: also the name of its colour in the style sheets.
        label: what a reader is told.
        classes: keys of `classify.CLASSES`.
    """

    name: str
    label: str
    classes: tuple[str, ...]


GROUPS = (
    Group("right", "right", ("exact", "other-occurrence")),
    Group("boundary", "wrong boundary", ("boundary-short", "boundary-long", "boundary-shifted")),
    Group("place", "wrong place", ("same-sentence", "wrong-sentence")),
    Group("abstention", "wrong about having an answer", ("false-abstention", "false-answer")),
    Group("data", "not the model's fault", ("unreachable", "suspected-annotation")),
    Group("missing", "missing", ("missing",)),
)
GROUP_OF = {name: group for group in GROUPS for name in group.classes}
