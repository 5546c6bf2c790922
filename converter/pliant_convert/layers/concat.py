"""Concat: values joined along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .registry import function


@dataclass
class Concat:
    axis: int


def concat(call: Any, values: list[Value], axis: int) -> Value:
    first = values[0]
    if len({value.rank for value in values}) != 1:
        call.refuse("values of different ranks")
    dims = list(first.dims)
    for value in values[1:]:
        for i, size in enumerate(value.dims):
            if i == axis:
                dims[i] = dims[i] + size
            elif type(size) is int and type(dims[i]) is int and size != dims[i]:
                call.refuse(f"values of sizes {dims[i]} and {size} along axis {i}")
            elif type(size) is int:
                dims[i] = size
    return call.emit(Concat(axis), values, dims)


def _operands(call: Any) -> tuple[list, Any]:
    if "axis" in call.kwargs:
        call.kwargs["dim"] = call.kwargs.pop("axis")
    a = call.bind("tensors", dim=0)
    if not isinstance(a["tensors"], (tuple, list)) or not a["tensors"]:
        call.refuse("something else than a list of values to join")
    return [call.operand(item) for item in a["tensors"]], a["dim"]


@function(torch.cat, torch.concat)
def convert(call: Any) -> Value:
    values, dim = _operands(call)
    return concat(call, values, call.axis(dim, values[0].rank))


@function(torch.stack)
def stack(call: Any) -> Value:
    values, dim = _operands(call)
    axis = call.axis(dim, values[0].rank + 1)
    raised = [call.reshape(v, [*v.dims[:axis], 1, *v.dims[axis:]]) for v in values]
    return concat(call, raised, axis)
