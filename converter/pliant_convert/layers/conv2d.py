"""Conv2d: convolution with zero padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import nn

from ..ir import Pair, Value, Weight
from .pad import pad
from .registry import function, module


@dataclass
class Conv2d:
    weight: Weight
    bias: Optional[Weight]
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int


def emit(call: Any, x: Value, weight: Weight, bias: Optional[Weight], options: dict[str, Any]) -> Value:
    """`options` are PyTorch's, `padding_mode` among them where it is not zeros."""
    groups, shape = options["groups"], weight.array.shape
    if len(shape) != 4:
        call.refuse(f"a weight of rank {len(shape)}, expected 4,")
    call.expect_channels(x, shape[1] * groups)
    stride, dilation = call.pair(options["stride"]), call.pair(options["dilation"])
    sides = _sides(call, options["padding"], shape[2:], stride, dilation)
    mode = options.get("padding_mode", "zeros")
    padding = Pair(sides[2], sides[0])
    if mode != "zeros" or sides[:2] != (padding.w, padding.w) or sides[2:] != (padding.h, padding.h):
        x, padding = pad(call, x, sides, "constant" if mode == "zeros" else mode, 0.0), Pair(0, 0)
    sizes = call.windows(x, shape[2:], stride, padding, dilation)
    layer = Conv2d(weight, bias, stride, padding, dilation, groups)
    return call.emit(layer, [x], (x.dims[0], shape[0], *sizes))


def _sides(call: Any, padding: Any, kernel: Any, stride: Pair, dilation: Pair) -> tuple[int, ...]:
    """Pixels (left, right, top, bottom), from PyTorch's numbers or words."""
    if padding == "valid":
        return (0, 0, 0, 0)
    if padding == "same":
        if stride != (1, 1):
            call.refuse("padding='same' with a stride")
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]  # the odd pixel goes to the end
        return (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2)
    pair = call.pair(padding)
    return (pair.w, pair.w, pair.h, pair.h)


@module(nn.Conv2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    m = call.module
    options = {name: getattr(m, name) for name in ("stride", "padding", "dilation", "groups", "padding_mode")}
    return emit(call, x, call.weight("weight"), call.weight("bias"), options)


@function(torch.conv2d)
def from_function(call: Any) -> Value:
    a = call.bind("input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
    return emit(call, call.value(a["input"]), call.constant(a["weight"]), call.constant(a["bias"]), a)
