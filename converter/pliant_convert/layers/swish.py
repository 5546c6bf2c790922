"""Swish: x * sigmoid(x), PyTorch's SiLU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .elementwise import one_value
from .registry import function, module


@dataclass
class Swish:
    pass


@module(nn.SiLU)
@function(F.silu)
def convert(call: Any) -> Value:
    return one_value(call, Swish())
