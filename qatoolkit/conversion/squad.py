"""Writes the nested SQuAD JSON a record at a time, so that a corpus of any size fits.

Consecutive examples of one title are an article, of one context a paragraph.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa


class SquadWriter:
    """One file of one split.

    Args:
        path: the file.
        unanswerable: whether the split has questions without an answer, which only version 2.0 can say.
    """

    def __init__(self, path: Path, *, unanswerable: bool) -> None:
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._unanswerable = unanswerable
        self._title: str | None = None
        self._paragraph: dict[str, Any] | None = None
        self._begun = False
        version = "v2.0" if unanswerable else "1.1"
        self._stream.write(f'{{\n "version": "{version}",\n "data": [')

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        for row in examples.to_pylist():
            if row["title"] != self._title:
                self._end_article()
                self._begin_article(row["title"])
            if self._paragraph is None or self._paragraph["context"] != row["context"]:
                self._end_paragraph()
                self._paragraph = {"context": row["context"], "qas": []}
            self._paragraph["qas"].append(self._qa(row))

    def close(self) -> None:
        """Ends the file."""
        self._end_article()
        self._stream.write("\n ]\n}\n")
        self._stream.close()

    def _qa(self, row: dict[str, Any]) -> dict[str, Any]:
        pairs = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
        answers = [{"text": text, "answer_start": start} for text, start in pairs]
        qa = {"id": row["id"], "question": row["question"], "answers": answers}
        return qa | {"is_impossible": not answers} if self._unanswerable else qa

    def _begin_article(self, title: str) -> None:
        self._stream.write(",\n" if self._begun else "\n")
        self._stream.write(f'  {{\n   "title": {json.dumps(title, ensure_ascii=False)},\n   "paragraphs": [')
        self._title, self._begun = title, True
        self._first_paragraph = True

    def _end_article(self) -> None:
        if self._title is not None:
            self._end_paragraph()
            self._stream.write("\n   ]\n  }")
            self._title = None

    def _end_paragraph(self) -> None:
        if self._paragraph is not None:
            # No text in JSON holds a raw line feed, so every one of them is an indentation.
            text = json.dumps(self._paragraph, ensure_ascii=False, indent=1).replace("\n", "\n    ")
            self._stream.write(("" if self._first_paragraph else ",") + "\n    " + text)
            self._first_paragraph, self._paragraph = False, None
