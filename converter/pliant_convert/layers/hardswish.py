"""Hardswish: x * clamp(x + 3, 0, 6) / 6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .elementwise import one_value
from .registry import function, module


@dataclass
class Hardswish:
    pass


@module(nn.Hardswish)
@function(F.hardswish)
def convert(call: Any) -> Value:
    return one_value(call, Hardswish())
