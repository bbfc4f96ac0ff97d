"""Polars expressions over answers, one row each (see `tally.explode_answers`), that several modules share."""

from __future__ import annotations

import polars as pl

from qatoolkit.corpus.offsets import WHITE_SPACE

FOUND = pl.col("context").str.slice(pl.col("start"), pl.col("text").str.len_chars())
STRIPPED = pl.col("text").str.strip_chars(WHITE_SPACE)

#: The answer has no text, and whether it stands where it says: the check that everything else
#: explains. Both are evaluated once, by `explode_answers`, because slicing a context by characters
#: means counting them.
IS_BLANK = pl.col("text").is_null() | (STRIPPED == "")
IS_RIGHT = ((pl.col("start") >= 0) & (pl.col("text") == FOUND) & ~IS_BLANK).fill_null(False)

BLANK = pl.col("blank")
RIGHT = pl.col("right")
WRONG = ~RIGHT
