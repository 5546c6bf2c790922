"""Sub: element-wise difference of two values, with broadcasting."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .add import weighted
from .registry import function, method


@dataclass
class Sub:
    pass


@function(operator.sub, torch.sub, torch.subtract)
@method("sub", "subtract")
def out_of_place(call: Any) -> Value:
    return weighted(call, Sub())


@function(operator.isub)
@method("sub_", "subtract_")
def in_place(call: Any) -> Value:
    return call.overwrite(weighted(call, Sub()))


@function(torch.rsub)
@method("rsub")
def reversed_operands(call: Any) -> Value:
    return weighted(call, Sub(), reverse=True)
