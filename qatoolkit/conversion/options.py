"""What a conversion is asked to do, apart from what it reads and where it writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The choices of `qatk convert`; `manifest.json` records them.

    Attributes:
        to: formats, keys of `write.FORMATS`.
        split: names and shares, e.g. "train=0.8,validation=0.2", with "random" before them to deal row by
            row. None keeps the sources' own splits if each of them names one and they name several, and
            else means `split.DEFAULT_SPLIT`.
        split_from: an earlier dataset whose assignments are kept.
        group_by: a column that tells groups, instead of the title.
        rows: slices of the splits, e.g. "train[:5000],validation[:500]".
        fix: make the safe repairs.
        unsafe_fixes: make the others too.
        drop_invalid: move invalid records to rejected.jsonl instead of stopping.
        license: of the data, for the dataset card, as the Hub names licences, e.g. "cc-by-4.0".
        language: of the data, for the dataset card, e.g. "de".
        seed: orders what is dealt out to the splits.
    """

    to: tuple[str, ...] = ("arrow",)
    split: str | None = None
    split_from: str | None = None
    group_by: str | None = None
    rows: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    drop_invalid: bool = False
    license: str | None = None
    language: str | None = None
    seed: int = 42
