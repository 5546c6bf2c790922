"""Hardsigmoid: clamp(x * slope + offset, 0, 1). PyTorch's has the slope 1/6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .elementwise import one_value
from .registry import function, module


@dataclass
class Hardsigmoid:
    slope: float = 1 / 6
    offset: float = 0.5


@module(nn.Hardsigmoid)
@function(F.hardsigmoid)
def convert(call: Any) -> Value:
    return one_value(call, Hardsigmoid())
