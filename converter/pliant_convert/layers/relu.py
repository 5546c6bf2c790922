"""ReLU."""

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
class ReLU:
    pass


@module(nn.ReLU)
@function(F.relu, torch.relu)
@method("relu")
def convert(call: Any) -> Value:
    return one_value(call, ReLU())


@function(torch.relu_, F.relu_)
@method("relu_")
def in_place(call: Any) -> Value:
    return call.overwrite(one_value(call, ReLU()))
