"""`train_test_split`: splits a dataset in memory as `qatk convert --split` splits files."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import polars as pl

from qatoolkit.conversion.groups import digest
from qatoolkit.conversion.split import deal, parse_split
from qatoolkit.corpus.similar import NearDuplicates
from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    import datasets


def train_test_split(
    dataset: datasets.Dataset | datasets.DatasetDict,
    sizes: str = "train=0.8,validation=0.2",
    *,
    seed: int = 42,
    group_by: str | None = None,
) -> datasets.DatasetDict:
    """Splits a dataset in memory so that what belongs together stays together.

    Examples of the same title or context, or nearly the same context, go to the same split, and each split
    has its share of the questions without an answer.

    Args:
        dataset: with a column context and, where there are such, title, question and answers; the splits
            of a DatasetDict are pooled first.
        sizes: names and shares; with "random," before them each row goes its own way.
        seed: orders what is dealt.
        group_by: a column that tells groups, instead of the title.

    Raises:
        UsageError: the sizes cannot be read, or a column is not there.

    Warns:
        UserWarning: a split is empty or far from its share, or contexts of others are in train too.
    """
    import datasets

    if not isinstance(sizes, str):
        raise UsageError(f'sizes {sizes!r}: name the splits, e.g. "train=0.8,validation=0.2"')
    shares = parse_split(sizes)
    if isinstance(dataset, datasets.DatasetDict):
        dataset = datasets.concatenate_datasets(list(dataset.values()))
    for column in ("context", *([group_by] if group_by else [])):
        if column not in dataset.column_names:
            columns = ", ".join(dataset.column_names)
            raise UsageError(f"no column {column} to group by; columns are {columns}")
    examples, digests = _hashes(dataset, group_by or "title")
    found = deal(examples, digests, shares, seed, group_by=group_by or "title")
    for warning in found.warnings():
        warnings.warn(warning, stacklevel=2)
    rows = {name: (found.splits == name).arg_true().to_list() for name in shares.shares}
    return datasets.DatasetDict({name: dataset.select(indices) for name, indices in rows.items() if indices})


def _hashes(dataset: datasets.Dataset, title: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What `deal` needs to know of the examples and of their contexts."""
    wanted = [name for name in ("context", "question", "answers", title) if name in dataset.column_names]
    texts = pl.DataFrame(dataset.select_columns(list(dict.fromkeys(wanted))).with_format("arrow")[:])
    if "question" not in texts.columns:
        texts = texts.with_columns(question=pl.lit(""))
    texts = texts.with_columns(pl.col("context", "question").fill_null(""))
    groups = pl.col(title).cast(pl.String) if title in texts.columns else pl.lit(None, pl.String)
    contexts = texts.select(text="context", context=pl.col("context").hash()).unique("context")
    near = NearDuplicates()
    near.add_all(contexts["context"], contexts["text"])
    digests = contexts.select("context", digest=pl.Series(map(digest, contexts["text"]), dtype=pl.UInt64))
    examples = texts.select(
        context=pl.col("context").hash(),
        pair=pl.struct(pl.col("context").hash(), pl.col("question").hash()).hash(),
        title=pl.when(groups != "").then(groups.hash()),
        answered=_answered(texts.schema),
        digest=pl.Series(map(digest, texts["question"]), dtype=pl.UInt64),
    )
    clusters = near.groups().rename({"key": "context"})
    return examples.join(clusters, on="context", how="left", maintain_order="left"), digests


def _answered(schema: pl.Schema) -> pl.Expr:
    """Whether an example has an answer; all have where that cannot be told."""
    answers = schema.get("answers")
    if isinstance(answers, pl.Struct) and "text" in (part.name for part in answers.fields):
        return pl.col("answers").struct.field("text").list.len().fill_null(0) > 0
    return pl.lit(True)
