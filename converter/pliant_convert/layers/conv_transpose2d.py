"""ConvTranspose2d: transposed convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import nn

from ..ir import Pair, Value, Weight
from .registry import function, module


@dataclass
class ConvTranspose2d:
    weight: Weight
    bias: Optional[Weight]
    stride: Pair
    padding: Pair
    output_padding: Pair
    dilation: Pair
    groups: int


def emit(call: Any, x: Value, weight: Weight, bias: Optional[Weight], options: dict[str, Any]) -> Value:
    shape, groups = weight.array.shape, options["groups"]
    if len(shape) != 4:
        call.refuse(f"a weight of rank {len(shape)}, expected 4")
    call.expect_channels(x, shape[0])
    names = ("stride", "padding", "output_padding", "dilation")
    stride, padding, extra, dilation = (call.pair(options[name]) for name in names)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        call.refuse(f"an output_padding of {extra.h}x{extra.w}, not below the stride or the dilation,")
    rows = zip(x.dims[2:], shape[2:], stride, padding, extra, dilation)
    sizes = [(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, e, d in rows]
    layer = ConvTranspose2d(weight, bias, stride, padding, extra, dilation, groups)
    return call.emit(layer, [x], (x.dims[0], shape[1] * groups, *sizes))


@module(nn.ConvTranspose2d)
def from_module(call: Any) -> Value:
    m = call.module
    a = call.bind("input", output_size=None)
    if a["output_size"] is not None:
        call.refuse("output_size, in whose place output_padding")
    options = {
        "stride": m.stride,
        "padding": m.padding,
        "output_padding": m.output_padding,
        "dilation": m.dilation,
        "groups": m.groups,
    }
    if m.padding_mode != "zeros":
        call.refuse(f"padding_mode='{m.padding_mode}'")
    return emit(call, call.value(a["input"]), call.weight("weight"), call.weight("bias"), options)


@function(torch.conv_transpose2d)
def from_function(call: Any) -> Value:
    a = call.bind("input", "weight", bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)
    return emit(call, call.value(a["input"]), call.constant(a["weight"]), call.constant(a["bias"]), a)
