"""MaxPool2d."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..dims import Size, atom, key_of, window
from ..ir import Pair, Value
from .registry import function, module


@dataclass
class MaxPool2d:
    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    ceil_mode: bool


def pooled_sizes(
    call: Any, x: Value, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[Size, ...]:
    """Height and width after a pooling."""
    if any(p > k // 2 for p, k in zip(padding, kernel)):
        call.refuse(f"a padding of {padding.h}x{padding.w}, more than half of the kernel,")
    if not ceil_mode:
        return call.windows(x, kernel, stride, padding, dilation)
    return tuple(map(_ceil_size, x.dims[2:], kernel, stride, padding, dilation))


def _ceil_size(size: Size, kernel: int, stride: int, padding: int, dilation: int) -> Size:
    """PyTorch's rule: round up, but start no window in the padding after the end."""
    if type(size) is not int:
        if stride == 1:
            return window(size, kernel, stride, padding, dilation)
        return atom("ceil", key_of(size), kernel, stride, padding, dilation)
    result = -((dilation * (kernel - 1) + 1 - 2 * padding - size) // stride) + 1
    return result - 1 if (result - 1) * stride >= size + padding else result


def emit(call: Any, x: Value, a: dict[str, Any]) -> Value:
    if a.get("return_indices"):
        call.refuse("return_indices=True")
    if x.rank != 4:
        call.refuse(f"an input of rank {x.rank}, expected 4,")
    kernel = call.pair(a["kernel_size"])
    # PyTorch spells "as the kernel" both None and ().
    stride = kernel if a["stride"] in (None, (), []) else call.pair(a["stride"])
    padding, dilation, ceil_mode = call.pair(a["padding"]), call.pair(a["dilation"]), bool(a["ceil_mode"])
    sizes = pooled_sizes(call, x, kernel, stride, padding, dilation, ceil_mode)
    return call.emit(MaxPool2d(kernel, stride, padding, dilation, ceil_mode), [x], (*x.dims[:2], *sizes))


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
