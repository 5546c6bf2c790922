"""Sub: element-wise difference of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import combine, combine_in_place, two_values
from .registry import function, method


@dataclass
class Sub:
    pass


@function(operator.sub, torch.sub, torch.subtract)
@method("sub", "subtract")
def out_of_place(call: Any) -> Value:
    return two_values(call, Sub())


@function(operator.isub)
@method("sub_", "subtract_")
def in_place(call: Any) -> Value:
    return combine_in_place(call, Sub())


@function(torch.rsub)
@method("rsub")
def reversed_operands(call: Any) -> Value:
    a = call.bind("input", "other", alpha=1)
    return combine(call, Sub(), a["other"], a["input"], a["alpha"])
