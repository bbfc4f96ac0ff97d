"""The second pass of a conversion: streams the spool through a last proof to the writers.

Decides nothing: the plan says which record is an example of which split, and what joins it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path

import polars as pl
import pyarrow as pa

from qatoolkit.conversion.collect import Collected
from qatoolkit.conversion.lineage import MERGED, LineageWriter, lineage_rows
from qatoolkit.conversion.plan import Plan
from qatoolkit.conversion.shards import SCHEMA
from qatoolkit.conversion.write import Writers
from qatoolkit.corpus.ahead import ahead, often_switching
from qatoolkit.corpus.record import RECORD
from qatoolkit.validation.expressions import WRONG
from qatoolkit.validation.tally import explode_answers

#: Folders and the formats that are written to each.
Places = list[tuple[Path, Sequence[str]]]


def write_examples(collected: Collected, plan: Plan, folder: Path, places: Places) -> dict[str, int]:
    """Proves every example once more and writes it, with its lineage beside it.

    Args:
        collected: what was read.
        plan: what was decided.
        folder: where the lineage goes.
        places: where the examples go.

    Returns:
        Split -> number of examples that were written.
    """
    writers = [Writers(place, formats, plan.splits) for place, formats in places]
    lineage = LineageWriter(folder / "lineage.parquet")
    written: Counter[str] = Counter()
    with often_switching():
        for examples in ahead(map(lineage_rows, ahead(_proved(collected, plan)))):
            for (split,), part in examples.partition_by("split", as_dict=True, maintain_order=True).items():
                table = _to_arrow(part)
                for writer in writers:
                    writer.write(split, table)
                written[split] += table.num_rows
            lineage.write(examples)
    for writer in writers:
        writer.close()
    lineage.close()
    return dict(written)


def _proved(collected: Collected, plan: Plan) -> Iterator[pl.DataFrame]:
    """The examples of each frame of the spool, with what was decided about them."""
    splits = pl.Series(list(plan.splits), dtype=pl.String)
    sources = chain.from_iterable(repeat(o.source.name, o.frames) for o in collected.outcomes)
    first = 0
    for frame, source in zip(collected.spool.frames(), sources, strict=True):
        target = plan.target[first : first + frame.height]
        examples = frame.with_columns(
            index=pl.int_range(first, first + frame.height, dtype=pl.UInt32),
            split=splits.gather(target.replace(-1, None)),
            source=pl.lit(source),
            merged=pl.lit([], MERGED),
        )
        if plan.joined is not None:
            examples = examples.update(plan.joined, on="index", how="left")
        first += frame.height
        examples = examples.drop_nulls("split")
        if examples.height:
            _prove(examples)
            yield examples


def _prove(examples: pl.DataFrame) -> None:
    """Every answer that is about to be written stands where it says, whatever was found before."""
    wrong = explode_answers(examples.select(list(RECORD))).filter(WRONG).height
    if wrong:
        raise AssertionError(f"{wrong} answers do not stand where they say")


def _to_arrow(examples: pl.DataFrame) -> pa.Table:
    """Examples as the written dataset has them."""
    answers = pl.struct("text", pl.col("answer_start").cast(pl.List(pl.Int32)))
    title = pl.col("title").fill_null("")
    return examples.select("id", title, "context", "question", answers=answers).to_arrow().cast(SCHEMA)
