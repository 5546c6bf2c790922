"""Softmax along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .registry import function, method, module


@dataclass
class Softmax:
    axis: int


def _emit(call: Any, x: Value, dim: Any) -> Value:
    if dim is None:  # what PyTorch makes of it, with a warning
        dim = 0 if x.rank in (1, 3) else 1
    return call.emit(Softmax(call.axis(dim, x.rank)), [x], x.dims)


@module(nn.Softmax)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _emit(call, x, call.module.dim)


@module(nn.Softmax2d)
def over_channels(call: Any) -> Value:
    (x,) = call.values("input")
    return _emit(call, x, -3)


@function(F.softmax)
def from_functional(call: Any) -> Value:
    a = call.bind("input", dim=None, _stacklevel=3, dtype=None)
    return _checked(call, a)


@function(torch.softmax)
@method("softmax")
def from_function(call: Any) -> Value:
    if "axis" in call.kwargs:
        call.kwargs["dim"] = call.kwargs.pop("axis")
    return _checked(call, call.bind("input", dim=None, dtype=None))


def _checked(call: Any, a: dict[str, Any]) -> Value:
    if a["dtype"] not in (None, torch.float32):
        call.refuse(f"dtype={a['dtype']}")
    return _emit(call, call.value(a["input"]), a["dim"])
