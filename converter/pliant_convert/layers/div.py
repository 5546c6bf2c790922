"""Div: element-wise quotient of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import combine, two_values
from .registry import function, method


@dataclass
class Div:
    pass


@function(operator.truediv, torch.div, torch.divide, torch.true_divide)
@method("div", "divide", "true_divide")
def out_of_place(call: Any) -> Value:
    _check_rounding(call)
    return two_values(call, Div())


@function(operator.itruediv)
@method("div_", "divide_", "true_divide_")
def in_place(call: Any) -> Value:
    _check_rounding(call)
    return call.overwrite(two_values(call, Div()))


@function(torch.reciprocal)
@method("reciprocal")
def reciprocal(call: Any) -> Value:
    (x,) = call.values("input")
    return combine(call, Div(), 1, x)


def _check_rounding(call: Any) -> None:
    mode = call.kwargs.pop("rounding_mode", None)
    if mode is not None:
        call.refuse(f"rounding_mode='{mode}'")
