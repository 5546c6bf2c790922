"""Conv2d: convolution with zero padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import nn

from ..ir import Pair, Value, Weight
from .registry import function, module


@dataclass
class Conv2d:
    weight: Weight
    bias: Optional[Weight]
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int


def explicit_padding(call: Any, padding: Any, kernel: tuple[int, int], stride: Pair, dilation: Pair) -> Pair:
    """The padding in pixels of a side, from PyTorch's numbers or words."""
    if padding == "valid":
        return Pair(0, 0)
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        if stride != (1, 1) or any(t % 2 for t in total):
            call.refuse("padding='same' with a stride, or that pads one side more than the other")
        return Pair(total[0] // 2, total[1] // 2)
    return call.pair(padding)


def emit(call: Any, x: Value, weight: Weight, bias: Optional[Weight], options: dict[str, Any]) -> Value:
    groups = options["groups"]
    shape = weight.array.shape
    if len(shape) != 4:
        call.refuse(f"a weight of rank {len(shape)}, expected 4")
    call.expect_channels(x, shape[1] * groups)
    stride, dilation = call.pair(options["stride"]), call.pair(options["dilation"])
    padding = explicit_padding(call, options["padding"], (shape[2], shape[3]), stride, dilation)
    return call.emit(Conv2d(weight, bias, stride, padding, dilation, groups), [x], channels=shape[0])


@module(nn.Conv2d)
def from_module(call: Any) -> Value:
    m = call.module
    (x,) = call.values("input")
    if m.padding_mode != "zeros":
        call.refuse(f"padding_mode='{m.padding_mode}'; only zeros is supported")
    options = {"stride": m.stride, "padding": m.padding, "dilation": m.dilation, "groups": m.groups}
    return emit(call, x, call.weight("weight"), call.weight("bias"), options)


@function(torch.conv2d)
def from_function(call: Any) -> Value:
    a = call.bind("input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
    return emit(call, call.value(a["input"]), call.constant(a["weight"]), call.constant(a["bias"]), a)
