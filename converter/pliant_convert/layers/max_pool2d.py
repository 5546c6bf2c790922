"""MaxPool2d."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Pair, Value
from .registry import function, module


@dataclass
class MaxPool2d:
    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    ceil_mode: bool


def emit(call: Any, x: Value, a: dict[str, Any]) -> Value:
    if a.get("return_indices"):
        call.refuse("return_indices=True")
    kernel = call.pair(a["kernel_size"])
    # PyTorch spells "as the kernel" both None and ().
    stride = kernel if a["stride"] in (None, (), []) else call.pair(a["stride"])
    layer = MaxPool2d(kernel, stride, call.pair(a["padding"]), call.pair(a["dilation"]), bool(a["ceil_mode"]))
    return call.emit(layer, [x], channels=x.channels)


@module(nn.MaxPool2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return emit(call, x, vars(call.module))


@function(torch.max_pool2d, F.max_pool2d)
def from_function(call: Any) -> Value:
    a = call.bind(
        "input", "kernel_size", stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
    )
    return emit(call, call.value(a["input"]), a)
