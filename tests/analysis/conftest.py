"""Runs and predictions files as the commands write them, small enough to check by hand."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

_SPAN = pa.struct(
    [("text", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("score", pa.float64())]
)
_ANSWERS = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "title", "context", "question")),
        ("answers", _ANSWERS),
        ("answer", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("score", pa.float64()),
        ("null_score", pa.float64()),
        ("n_best", pa.list_(_SPAN)),
        ("gold_rank", pa.int32()),
        ("n_windows", pa.int32()),
        ("source", pa.string()),
        *((name, pa.int64()) for name in ("row", "line", "line_end", "byte_start", "byte_end")),
        ("pointer", pa.string()),
        ("extra", pa.string()),
    ]
)
CONTEXT = (
    "The Nile is 6650 km long and flows north. It rises in Burundi, or in Rwanda. "
    "Nobody knows who saw its source first. The Nile ends in Egypt."
)


def _row(number, question, answers, answer, start=None, context=CONTEXT, **more):
    """A row of predictions; the annotated answers are given as (text, answer_start)."""
    return {
        "id": f"q{number}",
        "title": "Rivers",
        "context": context,
        "question": question,
        "answers": {
            "text": [text for text, _ in answers],
            "answer_start": [begin for _, begin in answers],
        },
        "answer": answer,
        "start": start,
        "end": None if start is None else start + len(answer),
        "score": 0.5,
        "null_score": -1.0,
        "n_best": [{"text": answer, "start": start or 0, "end": (start or 0) + len(answer), "score": 0.5}],
        "gold_rank": 0,
        "n_windows": 1,
        "source": "messy.csv",
        "row": number,
        "line": number + 1,
        **more,
    }


@pytest.fixture
def row():
    return _row


@pytest.fixture
def rows():
    """Six questions: one right, one short, one elsewhere, one silent, one rightly silent, one invented."""
    return [
        _row(1, "How long is the Nile?", [("6650 km", 12)], "6650 km", 12),
        _row(2, "How far does it go?", [("6650 km", 12)], "6650", 12, gold_rank=2),
        _row(3, "Which river ends in Egypt?", [("The Nile", CONTEXT.rindex("The Nile"))], "The Nile", 0),
        _row(4, "Where does it rise?", [("Burundi", CONTEXT.index("Burundi"))], ""),
        _row(5, "Who saw its source first?", [], ""),
        _row(6, "Who was never there?", [], "Nobody", CONTEXT.index("Nobody")),
    ]


@pytest.fixture
def write_predictions():
    def write(path, rows):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
        return path

    return write


@pytest.fixture
def write_run(tmp_path, write_predictions):
    """Writes RUN with predictions for the given splits, and figures of two epochs."""

    def write(**splits):
        folder = tmp_path / "run"
        for split, rows in splits.items():
            write_predictions(folder / f"predictions-{split}.parquet", rows)
        epochs = [
            {"epoch": 0, "train_loss": None, "validation_loss": 4.8, "exact": 0.5, "f1": 3.25},
            {"epoch": 1, "train_loss": 2.5, "validation_loss": 1.5, "exact": 50.0, "f1": 61.5},
        ]
        metrics = {"version": 1, "mode": "squad_v2", "epochs": epochs}
        settings = {
            "null_score_diff_threshold": 0.0,
            "n_best_size": 20,
            "max_answer_length": 30,
            "language": "en",
        }
        run = {"version": 1, "mode": "squad_v2", "settings": settings}
        (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
        (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def write_squad(tmp_path):
    """Writes rows as SQuAD JSON, one article for each title."""

    def write(rows, name="dev.json"):
        articles: dict = {}
        for row in rows:
            texts, starts = row["answers"]["text"], row["answers"]["answer_start"]
            answers = [
                {"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)
            ]
            qa = {"id": row["id"], "question": row["question"], "answers": answers}
            articles.setdefault(row["title"], []).append({"context": row["context"], "qas": [qa]})
        data = [{"title": title, "paragraphs": parts} for title, parts in articles.items()]
        path = tmp_path / name
        path.write_text(json.dumps({"version": "v2.0", "data": data}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_json(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    return write
