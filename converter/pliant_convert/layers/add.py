"""Add: element-wise sum of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import combine
from .mul import Mul
from .registry import function, method


@dataclass
class Add:
    pass


def weighted(call: Any, layer: Any, reverse: bool = False) -> Value:
    """layer(a, alpha * b) from `op(a, b, alpha=1)`, or layer(b, alpha * a)."""
    bound = call.bind("input", "other", alpha=1)
    a, b = (bound["other"], bound["input"]) if reverse else (bound["input"], bound["other"])
    if bound["alpha"] != 1:
        b = combine(call, Mul(), b, bound["alpha"])
    return combine(call, layer, a, b)


@function(operator.add, torch.add)
@method("add")
def out_of_place(call: Any) -> Value:
    return weighted(call, Add())


@function(operator.iadd)
@method("add_")
def in_place(call: Any) -> Value:
    return call.overwrite(weighted(call, Add()))
