"""LeakyReLU, and PReLU, whose slopes are weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value, Weight
from .add import Add
from .clamp import Clamp
from .elementwise import combine, finish
from .mul import Mul
from .registry import function, module
from .relu import ReLU


@dataclass
class LeakyReLU:
    negative_slope: float


@module(nn.LeakyReLU)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return finish(call, LeakyReLU(float(call.module.negative_slope)), x)


@function(F.leaky_relu, torch._C._nn.leaky_relu)
def from_function(call: Any) -> Value:
    a = call.bind("input", negative_slope=0.01, inplace=False)
    return finish(call, LeakyReLU(float(a["negative_slope"])), call.value(a["input"]), a["inplace"])


@function(F.leaky_relu_, torch._C._nn.leaky_relu_)
def in_place(call: Any) -> Value:
    a = call.bind("input", negative_slope=0.01)
    return finish(call, LeakyReLU(float(a["negative_slope"])), call.value(a["input"]), True)


@module(nn.PReLU)
def prelu_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _prelu(call, x, call.weight("weight"))


@function(F.prelu, torch.prelu)
def prelu_function(call: Any) -> Value:
    a = call.bind("input", "weight")
    return _prelu(call, call.value(a["input"]), call.constant(a["weight"]))


def _prelu(call: Any, x: Value, weight: Weight) -> Value:
    """max(x, 0) + weight * min(x, 0), one slope for all or one a channel."""
    if weight.array.size == 1:
        return finish(call, LeakyReLU(float(weight.array.reshape(-1)[0])), x)
    if x.rank < 2 or x.channels != weight.array.size:
        call.refuse(f"{weight.array.size} slopes with {x.channels} channels")
    slopes = Weight(weight.name, weight.array.reshape(-1, *(1,) * (x.rank - 2)), weight.origins)
    negative = combine(call, Mul(), call.emit(Clamp(max=0.0), [x], x.dims), slopes)
    return combine(call, Add(), call.emit(ReLU(), [x], x.dims), negative)
