"""QA6xx: is a converted dataset still what `qatk convert` wrote?

What is compared with what is the business of `certificate` and `examples`; here it is put into words.
The rules show nothing in one file alone, so they have no examples.
"""

from __future__ import annotations

from qatoolkit.validation.rule import Case, Problem, Rule


def _changed(case: Case) -> Problem:
    return Problem(f"changed since the conversion: {', '.join(case.measures['changes'])}", "record")


CHANGED_SINCE_CONVERSION = Rule(
    code="QA601",
    name="changed-since-conversion",
    severity="error",
    scope="certificate",
    explain=_changed,
    what="Reports a file of a converted dataset that is not what `manifest.json` says: it is missing, or "
    "has another length or digest (XXH3, 128 bits). A file of data, or `rejected.jsonl`, that the manifest does not "
    "name is reported where it lies in a folder with files that it names, or is read instead of them; what else is "
    "laid beside the data is not. The files of one split in Arrow are reported together. `README.md` is yours to "
    "edit, and what `datasets` caches beside a split (`cache-*.arrow`) is left out.",
    why="The offsets were proved for the bytes that `qatk convert` wrote. What was edited, truncated or replaced "
    "afterwards is as doubtful as any other file, and a result on it is not one on the dataset of that name. Mend "
    "the source instead and convert again; or delete `manifest.json`, and the folder is data like any other.",
    bad=(),
    good=(),
)

_LINEAGE = {
    "unknown": ("id", "lineage.parquet has no row for this id in {split}"),
    "renamed": ("id", 'lineage.parquet knows this question by the id "{known_as}"'),
    "content": ("context", "context and question are not those that lineage.parquet has the hash of"),
    "repeated": ("id", "lineage.parquet has one row for this id in {split}, and this is its second example"),
    "answers": ("answers", "number of answers: {answers}; number of proofs in lineage.parquet: {proofs}"),
    "lost": ("id", "this row of lineage.parquet has no example in {split}"),
}


def _mismatch(case: Case) -> Problem:
    field, message = _LINEAGE[case.check]
    return Problem(message.format(**case.measures), field)


LINEAGE_MISMATCH = Rule(
    code="QA602",
    name="lineage-mismatch",
    severity="error",
    scope="certificate",
    explain=_mismatch,
    what="Reports an example of a converted dataset that `lineage.parquet` does not know by its id, has another "
    "context, question or number of answers for, or knows only once; and a row of `lineage.parquet` that has no "
    "example.",
    why="`lineage.parquet` says from which line of which source an example comes and how its answers are proved. "
    "Where the two do not belong together, the example was changed, added or removed after the conversion, and "
    "`qatk trace` would lead to the wrong place.",
    bad=(),
    good=(),
)


def _counts(case: Case) -> Problem:
    return Problem(f"its counts do not agree: {'; '.join(case.measures['statements'])}", "record")


COUNTS_DISAGREE = Rule(
    code="QA603",
    name="counts-disagree",
    severity="error",
    scope="certificate",
    explain=_counts,
    what="Reports a `manifest.json` whose counts disagree with each other or with what lies beside it: records read "
    "are those written, merged, rejected and left out; the splits hold the examples and unanswerable questions that "
    "it says; `rejected.jsonl` has a line for each rejected record.",
    why="The counts are how one knows that no record was lost on the way. `qatk convert` writes none that do not add "
    "up, so the manifest was edited, or is that of another dataset.",
    bad=(),
    good=(),
)
