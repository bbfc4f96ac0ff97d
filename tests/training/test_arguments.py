from __future__ import annotations

from typing import Any

import pytest

from qatoolkit.errors import UsageError
from qatoolkit.training.arguments import check_settings, parse_settings


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("learning_rate=3e-4", 3e-4),
        ("learning-rate=1", 1.0),
        ("max_steps=20", 20),
        ("bf16=true", True),
        ("bf16=0", False),
        ("lr_scheduler_type=cosine", "cosine"),
        ("eval_steps=none", None),
        ("eval_steps=0.5", 0.5),
        ("save_total_limit=3", 3),
        ('lr_scheduler_kwargs={"a": 1}', {"a": 1}),
        ("include_for_metrics=inputs,loss", ["inputs", "loss"]),
        ("run_name=a=b", "a=b"),
        ("report_to=tensorboard", ["tensorboard"]),
    ],
)
def test_values_take_the_type_of_the_field(pair: str, value: Any) -> None:
    [parsed] = parse_settings([pair]).values()
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("learning_rat=1", "learning_rat is not a field of TrainingArguments; did you mean learning_rate?"),
        ("xyzzy=1", "xyzzy is not a field of TrainingArguments$"),
        ("max_steps=many", "max_steps=many: not a value of type int"),
        ("bf16=maybe", "bf16=maybe: not a value of type bool"),
        ("learning_rate", "write it as name=value"),
        ("output_dir=x", "-o says where"),
    ],
)
def test_what_cannot_be_meant_is_refused(pair: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_settings([pair])


def test_values_that_are_no_texts_are_taken_as_they_are() -> None:
    assert check_settings({"learning_rate": 1e-4, "bf16": True}) == {"learning_rate": 1e-4, "bf16": True}
