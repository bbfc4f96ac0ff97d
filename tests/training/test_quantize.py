"""Models with weights of eight bits answer like the models they were made from."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    DistilBertConfig,
    DistilBertForQuestionAnswering,
    GPT2Config,
    GPT2ForQuestionAnswering,
    PreTrainedModel,
    RobertaConfig,
    RobertaForQuestionAnswering,
)

from qatoolkit import Answerer
from qatoolkit.errors import UsageError
from qatoolkit.training import quantize as module
from qatoolkit.training.quantize import quantize
from qatoolkit.training.run import RunResult

SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2}


def of(kind: str) -> PreTrainedModel:
    torch.manual_seed(0)
    if kind == "bert":
        return BertForQuestionAnswering(BertConfig(vocab_size=500, **SMALL))
    if kind == "roberta":
        return RobertaForQuestionAnswering(RobertaConfig(vocab_size=500, **SMALL))
    return DistilBertForQuestionAnswering(
        DistilBertConfig(vocab_size=500, dim=64, hidden_dim=128, n_heads=4, n_layers=2)
    )


def logits(model: PreTrainedModel, ids: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        output = model.eval()(input_ids=ids)
    return np.concatenate([output.start_logits.numpy(), output.end_logits.numpy()], axis=1)


IDS = torch.randint(5, 500, (6, 40), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_logits_are_close_and_the_model_is_left_as_it_was(kind: str) -> None:
    model = of(kind)
    before = copy.deepcopy(model.state_dict())
    exact = logits(model, IDS)
    rounded = logits(quantize(model), IDS)
    assert 0 < np.abs(rounded - exact).max() < 0.05 * np.abs(exact).max()
    assert np.corrcoef(rounded.ravel(), exact.ravel())[0, 1] > 0.999
    assert all(torch.equal(before[name], after) for name, after in model.state_dict().items())
    np.testing.assert_array_equal(logits(model, IDS), exact)


def test_all_linear_layers_but_the_head() -> None:
    quantized = quantize(of("bert"))
    left = [name for name, layer in quantized.named_modules() if isinstance(layer, nn.Linear)]
    assert left == ["qa_outputs"]
    assert sum(isinstance(layer, module._Int8Linear) for layer in quantized.modules()) == 2 * 6


def test_an_answer_does_not_depend_on_its_neighbours() -> None:
    """One scale for a whole batch would let a single large input take the steps of all others."""
    layer = module._Int8Linear(nn.Linear(32, 16), reduce_range=True)
    with torch.inference_mode():
        rows = torch.randn(8, 32, generator=torch.Generator().manual_seed(2))
        alone = layer(rows)
        beside = layer(torch.cat([rows, 1000 * rows]))[:8]
    assert (alone - beside).abs().max() < 0.02 * alone.abs().max()


@pytest.mark.parametrize("shape", [(0, 32), (1, 32), (2, 3, 32)])
def test_shapes(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(32, 16, bias=False)
    rounded = module._Int8Linear(layer, reduce_range=True)
    with torch.inference_mode():
        found, exact = rounded(torch.ones(shape)), layer(torch.ones(shape))
    assert found.shape == exact.shape
    assert torch.allclose(found, exact, atol=0.05)


def test_zeros_and_dead_outputs() -> None:
    layer = nn.Linear(32, 16)
    with torch.no_grad():
        layer.weight[3] = 0
    rounded = module._Int8Linear(layer, reduce_range=True)
    with torch.inference_mode():
        assert torch.equal(rounded(torch.zeros(2, 32)), layer.bias.expand(2, 16))
        assert torch.equal(rounded(torch.ones(2, 32))[:, 3], layer.bias[3].expand(2))


def test_other_precisions_are_brought_to_one_that_the_kernels_take() -> None:
    model = of("bert")
    exact = logits(model, IDS)
    half = quantize(copy.deepcopy(model).bfloat16())
    assert np.corrcoef(logits(half, IDS).ravel(), exact.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("instructions", ["DEFAULT", "AVX2", "SSE41"])
def test_older_processors(instructions: str) -> None:
    """Without VNNI the kernels cut sums off, unless activations have a bit less."""
    code = (
        "import torch; from torch import nn; from qatoolkit.training import quantize as q\n"
        "torch.backends.quantized.engine = q._engine(); torch.manual_seed(0)\n"
        "layer = nn.Linear(64, 8); nn.init.constant_(layer.weight, 0.5); x = torch.rand(4, 64)\n"
        "rounded = q._Int8Linear(layer, reduce_range=q._overflows())\n"
        "print((rounded(x) / layer(x) - 1).abs().max().item())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": instructions, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < 0.01


def test_the_engine_is_put_back() -> None:
    before = torch.backends.quantized.engine
    quantize(of("bert"))
    assert torch.backends.quantized.engine == before


def test_the_same_answers(overfitted: RunResult) -> None:
    facts = {
        "How long is the Nile?": "The Nile is 6650 km long and flows north.",
        "When did the café open?": "Cafe\u0301 Müller 😀 opened in 1990 near the harbour.",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answerers = [Answerer(overfitted.path), Answerer(overfitted.path, int8=True)]
        exact, rounded = (each(list(facts), list(facts.values())) for each in answerers)
    assert [each["answer"] for each in rounded] == [each["answer"] for each in exact] == ["6650 km", "1990"]
    assert [each["score"] for each in rounded] == pytest.approx([each["score"] for each in exact], abs=0.1)


def test_models_that_cannot_be_quantized() -> None:
    decoder = GPT2ForQuestionAnswering(GPT2Config(vocab_size=100, n_embd=16, n_layer=1, n_head=2))
    with pytest.raises(UsageError, match="GPT2ForQuestionAnswering has no linear layers"):
        quantize(decoder)
    elsewhere = of("bert").to("meta")
    with pytest.raises(UsageError, match="int8 is for the CPU, and the model is on meta"):
        quantize(elsewhere)
