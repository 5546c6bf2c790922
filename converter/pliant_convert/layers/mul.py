"""Mul: element-wise product of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import combine, two_values
from .registry import function, method


@dataclass
class Mul:
    pass


@function(operator.mul, torch.mul, torch.multiply)
@method("mul", "multiply")
def out_of_place(call: Any) -> Value:
    return two_values(call, Mul())


@function(operator.imul)
@method("mul_", "multiply_")
def in_place(call: Any) -> Value:
    return call.overwrite(two_values(call, Mul()))


@function(operator.neg, torch.neg, torch.negative)
@method("neg", "negative")
def negative(call: Any) -> Value:
    (x,) = call.values("input")
    return combine(call, Mul(), x, -1.0)


@function(operator.pow, torch.pow, torch.square)
@method("pow", "square")
def power(call: Any) -> Value:
    a = call.bind("input", exponent=2)
    x = call.value(a["input"])
    if a["exponent"] not in (1, 2, 3, 4) or isinstance(a["exponent"], Value):
        call.refuse(f"the exponent {a['exponent']!r}; 1 to 4 are")
    result = x
    for _ in range(int(a["exponent"]) - 1):
        result = combine(call, Mul(), result, x)
    return result
