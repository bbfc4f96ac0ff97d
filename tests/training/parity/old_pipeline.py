"""Answers a SQuAD file with the question-answering pipeline of transformers 4, which 5.3 removed.

    python -m venv old && old/bin/pip install transformers==4.57.1 torch safetensors numpy
    python tests/training/parity/model.py FOLDER
    old/bin/python tests/training/parity/old_pipeline.py FOLDER $QATK_CORPORA/xquad/xquad.en.json > spans.json

Runs in an environment of its own and imports nothing of qatoolkit. Prints JSON: what it was made with, and
per question id [start, end, score]. What it printed for the model of `model.py` is `spans.json` beside this
file; no text of the corpus is in it. The last line on stderr is JSON too: the seconds that answering took,
without loading, and those of the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch
import transformers


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("model")
    asked.add_argument("questions", type=Path)
    asked.add_argument("--batch-size", type=int, default=16)
    asked.add_argument("--threads", type=int)
    options = asked.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    articles = json.loads(options.questions.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    ids = [qa["id"] for paragraph in paragraphs for qa in paragraph["qas"]]
    asked_of = [
        {"question": qa["question"], "context": paragraph["context"]}
        for paragraph in paragraphs
        for qa in paragraph["qas"]
    ]
    answerer = transformers.pipeline("question-answering", model=options.model, tokenizer=options.model)
    began, busy = time.perf_counter(), time.process_time()
    answers = answerer(
        question=[each["question"] for each in asked_of],
        context=[each["context"] for each in asked_of],
        batch_size=options.batch_size,
        doc_stride=128,
        max_seq_len=384,
        max_answer_len=15,
    )
    seconds = {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - busy}
    print(json.dumps(seconds), file=sys.stderr)
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    spans = [
        f"{json.dumps(i)}: {json.dumps([each['start'], each['end'], round(each['score'], 6)])}"
        for i, each in zip(ids, answers, strict=True)
    ]
    print(f'{{"made_with": {json.dumps(versions)}, "spans": {{', ",\n".join(spans), "}}", sep="\n")


if __name__ == "__main__":
    main()
