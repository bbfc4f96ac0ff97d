"""Polars expressions over answers, one row each (see `tally.explode_answers`), that several modules share."""

from __future__ import annotations

import polars as pl

from qatoolkit.corpus.offsets import WHITE_SPACE

FOUND = pl.col("context").str.slice(pl.col("start"), pl.col("text").str.len_chars())
STRIPPED = pl.col("text").str.strip_chars(WHITE_SPACE)
BLANK = pl.col("text").is_null() | (STRIPPED == "")
RIGHT = (pl.col("start") >= 0) & (pl.col("text") == FOUND) & ~BLANK

#: The answer stands where it says: the check that everything else explains.
WRONG = ~RIGHT.fill_null(False)
