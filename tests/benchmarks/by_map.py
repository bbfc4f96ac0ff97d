"""What people write to get a SQuAD dataset out of a CSV: `load_dataset`, a `map`, `save_to_disk`.

The map makes the SQuAD shape and stops at the first answer that is not where it says. Run with the path
of a CSV file, a folder for the cache and the folder to write; prints the number of rows.
"""

from __future__ import annotations

import sys

from datasets import Features, List, Value, load_dataset

COLUMNS = ["id", "title", "context", "question", "answer", "answer_start"]
SQUAD = Features(
    {name: Value("string") for name in COLUMNS[:4]}
    | {"answers": {"text": List(Value("string")), "answer_start": List(Value("int32"))}}
)


def to_squad(row: dict[str, str]) -> dict[str, dict[str, list]]:
    start, answer = int(row["answer_start"]), row["answer"]
    if start < 0 or not answer or row["context"][start : start + len(answer)] != answer:
        raise ValueError(f"{row['id']}: {answer!r} is not at {start}")
    return {"answers": {"text": [answer], "answer_start": [start]}}


if __name__ == "__main__":
    path, cache, output = sys.argv[1:]
    data = load_dataset(
        "csv",
        data_files=path,
        cache_dir=cache,
        split="train",
        features=Features({name: Value("string") for name in COLUMNS}),
        keep_default_na=False,
    )
    data = data.map(to_squad, remove_columns=["answer", "answer_start"], features=SQUAD)
    data.save_to_disk(output)
    print(len(data))
