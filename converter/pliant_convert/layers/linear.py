"""Linear: a fully connected layer along the last axis."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value, Weight
from .registry import function, method, module


@dataclass
class Linear:
    weight: Weight
    bias: Optional[Weight]


def emit(call: Any, x: Value, weight: Weight, bias: Optional[Weight]) -> Value:
    if weight.array.ndim != 2:
        call.refuse(f"a weight of rank {weight.array.ndim}, expected 2,")
    features, size = weight.array.shape[1], x.dims[-1]
    if type(size) is int and size != features:
        call.refuse(f"an input of {size} features with a weight for {features}")
    return call.emit(Linear(weight, bias), [x], (*x.dims[:-1], weight.array.shape[0]))


@module(nn.Linear)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return emit(call, x, call.weight("weight"), call.weight("bias"))


@function(F.linear, torch._C._nn.linear)
def from_function(call: Any) -> Value:
    a = call.bind("input", "weight", bias=None)
    return emit(call, call.value(a["input"]), call.constant(a["weight"]), call.constant(a["bias"]))


@function(torch.matmul, operator.matmul)
@method("matmul")
def by_constant(call: Any) -> Value:
    """x @ a constant matrix."""
    a = call.bind("input", "other")
    matrix = a["other"]
    if not isinstance(matrix, Weight) or matrix.array.ndim != 2:
        call.refuse("a matrix product of two computed tensors")
    transposed = Weight(matrix.name, np.ascontiguousarray(matrix.array.T), matrix.origins)
    return emit(call, call.value(a["input"]), transposed, None)
