"""Turns a model's linear layers into int8, for faster prediction on a CPU.

Knows nothing of answers: what comes back is called like the model it was made from. It cannot be trained.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Two columns of weights decide every answer and cost nothing.
_HEAD = "qa_outputs"

_LARGEST = 127


def quantize(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of a model whose linear layers calculate with whole numbers of eight bits.

    Weights are rounded once, with a scale for each output; activations on the fly, with a scale for each
    token. Embeddings, attention and the head stay as they are.

    Args:
        model: on the CPU; it is left as it was.

    Raises:
        UsageError: the model is on an accelerator, has no linear layers, or this torch cannot do it.
    """
    if model.device.type != "cpu":
        raise UsageError(f"int8 is for the CPU, and the model is on {model.device}; leave out --int8")
    engine = _engine()
    copied = copy.deepcopy(model).float().eval()
    found = [
        (name, layer)
        for name, layer in copied.named_modules()
        if type(layer) is nn.Linear and name.rpartition(".")[2] != _HEAD
    ]
    if not found:
        raise UsageError(
            f"int8: a {type(model).__name__} has no linear layers that could be made faster; leave out --int8"
        )
    usual = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        reduce_range = _overflows()
        for name, layer in found:
            parent, _, own = name.rpartition(".")
            setattr(copied.get_submodule(parent), own, _Int8Linear(layer, reduce_range=reduce_range))
    finally:
        torch.backends.quantized.engine = usual
    return copied


class _Int8Linear(nn.Module):  # type: ignore[misc]  # torch is not type-checked
    """`nn.Linear` by torch's own int8 kernels.

    These take one scale for a whole batch, so that an answer depends on its neighbours, and one token that
    stands out leaves few steps for all others. Every token is therefore brought to the same size before, and
    to its own again after, which costs a fifth of the time.

    The kernels are called directly: `torch.ao.quantization.quantize_dynamic`, which wraps them, is deprecated
    and may leave torch, and its successor torchao is slower than float32 on a CPU that has no compiler.
    """

    def __init__(self, layer: nn.Linear, *, reduce_range: bool) -> None:
        super().__init__()
        weight = layer.weight.detach()
        scale = (weight.abs().amax(dim=1) / _LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
        with warnings.catch_warnings():
            # torch 2.13 speaks of a distant end of these tensors, and has no other that the kernels take.
            warnings.simplefilter("ignore")
            rounded = torch.quantize_per_channel(
                weight, scale.double(), torch.zeros(len(scale), dtype=torch.int64), 0, torch.qint8
            )
        self._packed = torch.ops.quantized.linear_prepack(rounded, None)
        bias = torch.zeros(len(scale)) if layer.bias is None else layer.bias.detach()
        self.register_buffer("bias", bias)
        self._reduce_range = reduce_range  # seven bits for activations

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        # In as few passes over memory as can be, because these are half of what int8 costs beside attention.
        size = torch.maximum(x.amax(dim=-1, keepdim=True), -x.amin(dim=-1, keepdim=True))
        size.clamp_(min=torch.finfo(torch.float32).tiny)
        y = torch.ops.quantized.linear_dynamic(x / size, self._packed, self._reduce_range)
        return y.mul_(size).add_(self.bias)


def _overflows() -> bool:
    """Whether sums of products of eight bits are cut off at sixteen, as on processors without VNNI."""
    layer = nn.Linear(64, 1, bias=False)
    nn.init.ones_(layer.weight)
    with torch.inference_mode():
        return float(_Int8Linear(layer, reduce_range=False)(torch.ones(1, 64))) < 63


def _engine() -> str:
    """Whose kernels are used: oneDNN's where they are, because they know the most instructions."""
    if "onednn" in torch.backends.quantized.supported_engines:
        return "onednn"
    usual: str = torch.backends.quantized.engine
    if usual == "none":
        raise UsageError(f"int8: torch {torch.__version__} has no kernels for this machine; leave out --int8")
    return usual
