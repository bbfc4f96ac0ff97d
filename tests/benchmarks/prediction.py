"""Times prediction against the pipeline that transformers removed, in turn, in processes of their own.

    python -m venv old && old/bin/pip install transformers==4.57.1 torch safetensors numpy
    python tests/benchmarks/prediction.py $QATK_CORPORA/xquad/xquad.en.json --old old/bin/python

Of every process only the answering is timed, not the loading; `bare` is the model alone, over windows that
are tokenized, sorted and padded already. Prints examples a second (and per second of the processor's time,
which other processes disturb less), each also as a multiple of the old pipeline's, with exact match and F1;
then how many answers of `pipeline` equal those of the old one. Nothing here is a test.

Other models than that of tests/training/parity: `--model FOLDER`. `--threads 1` on a machine that is busy.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PARITY = Path(__file__).parent.parent / "training" / "parity"
ROUNDS = 3
LENGTH, STRIDE, LONGEST = 384, 128, 15
BARE_BATCH = 8  # the fastest count
CONTESTANTS = ("old", "bare", "pipeline", "answerer", "int8")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("questions", type=Path)
    asked.add_argument("--old", help="the python of an environment with transformers 4.57.1")
    asked.add_argument("--model", type=Path)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--batch-size", type=int, default=16, help="of the old pipeline")
    asked.add_argument("--threads", type=int, default=0)
    asked.add_argument("--only", default=",".join(CONTESTANTS))
    asked.add_argument("--run", choices=CONTESTANTS[1:], help="one of them, in this process")
    options = asked.parse_args()
    if options.run:
        print(json.dumps(answer(options.run, options.model, read(options.questions), options.threads)))
        return
    names = [name for name in options.only.split(",") if name != "old" or options.old]
    with tempfile.TemporaryDirectory(prefix="qatk-bench-") as scratch:
        model = plain(options.model, Path(scratch))
        threads = ["--threads", str(options.threads)]
        ours = [sys.executable, __file__, options.questions, "--model", model, *threads, "--run"]
        commands = {name: [*ours, name] for name in CONTESTANTS[1:]}
        commands["old"] = [options.old, PARITY / "old_pipeline.py", model, options.questions, *threads,
                           "--batch-size", str(options.batch_size)]  # fmt: skip
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                runs[name].append(outcome([str(part) for part in commands[name]]))
    report(runs, read(options.questions))


def plain(model: Path | None, scratch: Path) -> Path:
    """A copy that transformers 4 can load, and without the settings of a run."""
    if model is None:
        model = scratch / "parity"
        subprocess.run([sys.executable, str(PARITY / "model.py"), str(model)], check=True)
    copied = scratch / "plain"
    copied.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(model / name, copied / name)
    settings = copied / "tokenizer_config.json"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("TokenizersBackend", "PreTrainedTokenizerFast"), encoding="utf-8")
    return copied


def outcome(command: list[str]) -> dict[str, Any]:
    """Seconds and spans of one process."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\n{command} failed")
    found: dict[str, Any] = json.loads(done.stdout)
    return found if "seconds" in found else {**found, **json.loads(done.stderr.splitlines()[-1])}


def read(path: Path) -> dict[str, list[Any]]:
    """Examples as columns."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    rows = [
        (qa["id"], qa["question"], paragraph["context"],
         {name: [each[name] for each in qa["answers"]] for name in ("text", "answer_start")})
        for article in articles for paragraph in article["paragraphs"] for qa in paragraph["qas"]
    ]  # fmt: skip
    return dict(
        zip(("id", "question", "context", "answers"), map(list, zip(*rows, strict=True)), strict=True)
    )


def answer(name: str, model: Path, columns: dict[str, list[Any]], threads: int) -> dict[str, Any]:
    """Answers all questions in one of our ways."""
    import torch

    import qatoolkit

    if threads:
        torch.set_num_threads(threads)
    texts = {"question": columns["question"], "context": columns["context"]}
    if name == "bare":
        return bare(model, columns)
    if name == "pipeline":
        answerer: Any = qatoolkit.pipeline("question-answering", model=model)
    else:
        answerer = qatoolkit.Answerer(model, int8=name == "int8")
    settings = {"max_seq_len": LENGTH, "doc_stride": STRIDE, "max_answer_len": LONGEST}
    began, busy = time.perf_counter(), time.process_time()
    answers = answerer(**texts, **settings)
    seconds = {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - busy}
    spans = [[each["start"], each["end"]] for each in answers]
    return {**seconds, "spans": dict(zip(columns["id"], spans, strict=True))}


def bare(model: Path, columns: dict[str, list[Any]]) -> dict[str, Any]:
    """The limit: nothing but the model, over batches that are ready."""
    import torch

    from qatoolkit.training.batches import Collator, by_length
    from qatoolkit.training.model import load_model
    from qatoolkit.windows import featurize

    loaded = load_model(model)
    features = featurize(columns, loaded.tokenizer, LENGTH, STRIDE)
    collate, order = Collator(loaded.model, loaded.tokenizer.pad_token_id), by_length(features)
    rows = [order[first : first + BARE_BATCH] for first in range(0, len(order), BARE_BATCH)]
    batches = [collate([features[int(i)] for i in each]) for each in rows]
    for batch in batches:
        del batch["start_positions"], batch["end_positions"]
    with torch.inference_mode():
        began, busy = time.perf_counter(), time.process_time()
        for batch in batches:
            loaded.model(**batch)
        return {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - busy}


def report(runs: dict[str, list[dict[str, Any]]], columns: dict[str, list[Any]]) -> None:
    from qatoolkit.metrics import score

    count = len(columns["id"])
    middle = {
        name: [statistics.median(each[clock] for each in found) for clock in ("seconds", "processor_seconds")]
        for name, found in runs.items()
    }
    print(f"{count:,} questions; medians of {len(next(iter(runs.values())))} rounds in turn\n")
    print("| | examples/s (each round) | times old | per processor second | times old | EM | F1 |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for name, found in runs.items():
        rounds = ", ".join(f"{count / each['seconds']:.1f}" for each in found)
        ratios = [f"{old / own:.2f}" for old, own in zip(middle.get("old", []), middle[name], strict=False)]
        wall, processor = ratios or ["", ""]
        quality = ["", ""]
        if spans := found[0].get("spans"):
            texts = [
                context[slice(*spans[each][:2])]
                for each, context in zip(columns["id"], columns["context"], strict=True)
            ]
            summary = score(texts, [each["text"] for each in columns["answers"]], "en", "squad").summary()
            quality = [f"{summary['exact']:.2f}", f"{summary['f1']:.2f}"]
        rate = f"{count / middle[name][1]:.1f}"
        print(f"| {name} | {rounds} | {wall} | {rate} | {processor} | {' | '.join(quality)} |")
    if {"old", "pipeline"} <= set(runs):
        old, new = (runs[name][0]["spans"] for name in ("old", "pipeline"))
        same = sum(old[each][:2] == new[each] for each in columns["id"])
        print(f"\n{same:,} of {count:,} answers of pipeline are those of the old one ({same / count:.2%}).")


if __name__ == "__main__":
    main()
