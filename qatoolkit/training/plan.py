"""What is about to be trained, told before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qatoolkit.corpus.record import origin
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.settings import Mode
from qatoolkit.windows import Ceiling

#: Fewer examples than this teach a new head little about answering.
_FEW = 2000


@dataclass(frozen=True, eq=False)
class Plan:
    """What is about to be trained.

    Attributes:
        recipe: what was chosen.
        new_head: whether the question-answering head starts from nothing.
        mode: "squad", or "squad_v2" when questions may be unanswerable.
        counts: split -> {"examples", "unanswerable", "features", "answered_features"}.
        ceilings: split -> what a perfect model could reach with these windows.
        origins: split -> id -> where the example came from; empty without lineage.
        training_arguments: what was set, by the recipe and by this machine.
        device: "cpu", "cuda" or "mps".
        steps: optimiser steps in all.
        resumed: step from which an interrupted training goes on, or None.
    """

    recipe: Recipe
    new_head: bool
    mode: Mode
    counts: dict[str, dict[str, int]]
    ceilings: dict[str, Ceiling]
    origins: dict[str, dict[str, str]]
    training_arguments: dict[str, Any]
    device: str
    steps: int
    resumed: int | None = None

    @property
    def advice(self) -> str | None:
        """One line for those who ask much of few examples."""
        train = self.counts["train"]
        examples = train["examples"]
        if train["unanswerable"] == examples:
            return "no question of train has an answer: the model can only learn to abstain"
        if not self.new_head or examples >= _FEW:
            return None
        return (
            f"{examples:,} examples teach a new head little; start from a model that was tuned on SQuAD, "
            "such as --model distilbert/distilbert-base-cased-distilled-squad"
        )


def origins_of(lineage: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Id -> where a person finds the record, from rows of lineage."""
    return {
        name: origin(row.get("source"), row.get("line"), row.get("pointer"), row.get("row"))
        for name, row in lineage.items()
    }
