"""Sigmoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .elementwise import one_value
from .registry import function, method, module


@dataclass
class Sigmoid:
    pass


@module(nn.Sigmoid)
@function(torch.sigmoid, F.sigmoid, torch.special.expit)
@method("sigmoid")
def convert(call: Any) -> Value:
    return one_value(call, Sigmoid())


@function(torch.sigmoid_)
@method("sigmoid_")
def in_place(call: Any) -> Value:
    return call.overwrite(one_value(call, Sigmoid()))
