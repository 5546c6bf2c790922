"""Add: element-wise sum of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .elementwise import combine_in_place, two_values
from .registry import function, method


@dataclass
class Add:
    pass


@function(operator.add, torch.add)
@method("add")
def out_of_place(call: Any) -> Value:
    return two_values(call, Add())


@function(operator.iadd)
@method("add_")
def in_place(call: Any) -> Value:
    return combine_in_place(call, Add())
