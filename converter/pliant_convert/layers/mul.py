"""Mul: element-wise product of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import two_values
from .registry import function, method


@dataclass
class Mul:
    pass


@function(operator.mul, torch.mul, torch.multiply)
@method("mul", "multiply")
def out_of_place(call: Any) -> Value:
    return two_values(call, Mul())


@function(operator.imul)
@method("mul_")
def in_place(call: Any) -> Value:
    return call.overwrite(two_values(call, Mul()))
