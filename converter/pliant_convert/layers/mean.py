"""Mean over axes; a sum over axes of known sizes is a multiple of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import torch

from ..dims import product
from ..ir import Value
from .elementwise import combine
from .mul import Mul
from .registry import function, method


@dataclass
class Mean:
    axes: tuple[int, ...] = field(metadata={"type": "int"})
    keepdim: bool


def emit(call: Any, x: Value, axes: tuple[int, ...], keepdim: bool) -> Value:
    """axes: each >= 0."""
    if len(set(axes)) != len(axes):
        call.refuse(f"the axes {axes}, of which one is named twice,")
    if not keepdim and len(axes) == x.rank:
        call.refuse("a result without axes; give keepdim=True or dim")
    dims = [1 if i in axes else size for i, size in enumerate(x.dims) if keepdim or i not in axes]
    return call.emit(Mean(tuple(sorted(axes)), keepdim), [x], dims)


def _axes(call: Any, x: Value, dim: Optional[Any]) -> tuple[int, ...]:
    if dim is None or dim in ((), []):
        return tuple(range(x.rank))
    items = dim if isinstance(dim, (tuple, list)) else (dim,)
    return tuple(call.axis(item, x.rank) for item in items)


def _arguments(call: Any) -> tuple[Value, tuple[int, ...], bool]:
    if "axis" in call.kwargs:
        call.kwargs["dim"] = call.kwargs.pop("axis")
    a = call.bind("input", dim=None, keepdim=False, dtype=None)
    if a["dtype"] not in (None, torch.float32):
        call.refuse(f"dtype={a['dtype']}")
    x = call.value(a["input"])
    return x, _axes(call, x, a["dim"]), bool(a["keepdim"])


@function(torch.mean)
@method("mean")
def convert(call: Any) -> Value:
    return emit(call, *_arguments(call))


@function(torch.sum)
@method("sum")
def from_sum(call: Any) -> Value:
    x, axes, keepdim = _arguments(call)
    count = product(x.dims[axis] for axis in axes)
    if type(count) is not int:
        call.refuse("a sum over axes whose sizes only the run will tell (a mean is supported)")
    return combine(call, Mul(), emit(call, x, axes, keepdim), float(count))
