"""Concat: values joined along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Value
from .registry import function


@dataclass
class Concat:
    axis: int


@function(torch.cat, torch.concat)
def convert(call: Any) -> Value:
    if "axis" in call.kwargs:
        call.kwargs["dim"] = call.kwargs.pop("axis")
    a = call.bind("tensors", dim=0)
    if not isinstance(a["tensors"], (tuple, list)) or not a["tensors"]:
        call.refuse("something else than a list of values to join")
    values = [call.value(item) for item in a["tensors"]]
    if len({value.rank for value in values}) != 1:
        call.refuse("values of different ranks")
    axis = call.axis(a["dim"], values[0].rank)
    channels = [value.channels for value in values]
    known = None if None in channels else (sum(channels) if axis == 1 else channels[0])
    return call.emit(Concat(axis), values, channels=known)
