"""AvgPool2d, and the adaptive pooling that comes to it or to a mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Pair, Value
from . import mean
from .max_pool2d import pooled_sizes
from .registry import function, module


@dataclass
class AvgPool2d:
    kernel_size: Pair
    stride: Pair
    padding: Pair
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int


def emit(call: Any, x: Value, a: dict[str, Any]) -> Value:
    if x.rank != 4:
        call.refuse(f"an input of rank {x.rank}, expected 4,")
    kernel = call.pair(a["kernel_size"])
    # PyTorch spells "as the kernel" both None and ().
    stride = kernel if a["stride"] in (None, (), []) else call.pair(a["stride"])
    padding, ceil_mode = call.pair(a["padding"]), bool(a["ceil_mode"])
    divisor = a["divisor_override"] or 0
    layer = AvgPool2d(kernel, stride, padding, ceil_mode, bool(a["count_include_pad"]), divisor)
    sizes = pooled_sizes(call, x, kernel, stride, padding, Pair(1, 1), ceil_mode)
    return call.emit(layer, [x], (*x.dims[:2], *sizes))


@module(nn.AvgPool2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return emit(call, x, vars(call.module))


@function(F.avg_pool2d, torch._C._nn.avg_pool2d)
def from_function(call: Any) -> Value:
    a = call.bind(
        "input",
        "kernel_size",
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    )
    return emit(call, call.value(a["input"]), a)


@module(nn.AdaptiveAvgPool2d)
def adaptive_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _adaptive(call, x, call.module.output_size)


@function(F.adaptive_avg_pool2d, torch._C._nn.adaptive_avg_pool2d)
def adaptive_function(call: Any) -> Value:
    a = call.bind("input", "output_size")
    return _adaptive(call, call.value(a["input"]), a["output_size"])


def _adaptive(call: Any, x: Value, output_size: Any) -> Value:
    """To 1x1 a mean; to other sizes a plain pooling where they divide known sizes."""
    if x.rank not in (3, 4):
        call.refuse(f"an input of rank {x.rank}, expected 4,")
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    wanted = tuple(size if target is None else target for size, target in zip(x.dims[-2:], wanted))
    if all(type(target) is int and target == 1 for target in wanted):
        return mean.emit(call, x, (x.rank - 2, x.rank - 1), True)
    sizes = x.dims[-2:]
    if x.rank != 4 or not all(type(size) is int for size in (*sizes, *wanted)):
        call.refuse(
            f"an adaptive pooling to {wanted[0]}x{wanted[1]} of an input whose size only the run will tell "
            "(1x1 is; with fixed input sizes others are)"
        )
    if any(size % target for size, target in zip(sizes, wanted)):
        call.refuse(f"an adaptive pooling of {sizes[0]}x{sizes[1]} to {wanted[0]}x{wanted[1]}, no divisor,")
    kernel = Pair(sizes[0] // wanted[0], sizes[1] // wanted[1])
    layer = AvgPool2d(kernel, kernel, Pair(0, 0), False, True, 0)
    return call.emit(layer, [x], (*x.dims[:2], *wanted))
