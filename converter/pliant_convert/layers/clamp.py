"""Clamp: min(max(x, min), max); ReLU6 and Hardtanh are spellings of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .elementwise import finish
from .registry import function, method, module


@dataclass
class Clamp:
    min: float = -math.inf
    max: float = math.inf


def _bound(call: Any, item: Any, absent: float) -> float:
    if item is None:
        return absent
    if isinstance(item, bool) or not isinstance(item, (int, float)):
        call.refuse("a bound that is a tensor")
    return float(item)


def _emit(call: Any, a: dict[str, Any], in_place: Any) -> Value:
    layer = Clamp(_bound(call, a["min"], -math.inf), _bound(call, a["max"], math.inf))
    return finish(call, layer, call.value(a["input"]), in_place)


@module(nn.ReLU6, nn.Hardtanh)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _emit(call, {"input": x, "min": call.module.min_val, "max": call.module.max_val}, False)


@function(torch.clamp, torch.clip)
@method("clamp", "clip")
def out_of_place(call: Any) -> Value:
    return _emit(call, call.bind("input", min=None, max=None), False)


@function(torch.clamp_, torch.clip_)
@method("clamp_", "clip_")
def in_place(call: Any) -> Value:
    return _emit(call, call.bind("input", min=None, max=None), True)


@function(torch.clamp_min)
@method("clamp_min")
def from_below(call: Any) -> Value:
    return _emit(call, {**call.bind("input", "min"), "max": None}, False)


@function(torch.clamp_max)
@method("clamp_max")
def from_above(call: Any) -> Value:
    return _emit(call, {**call.bind("input", "max"), "min": None}, False)


@function(F.relu6)
def relu6(call: Any) -> Value:
    a = call.bind("input", inplace=False)
    return finish(call, Clamp(0.0, 6.0), call.value(a["input"]), a["inplace"])


@function(F.hardtanh)
def hardtanh(call: Any) -> Value:
    a = call.bind("input", min_val=-1.0, max_val=1.0, inplace=False)
    return finish(call, Clamp(float(a["min_val"]), float(a["max_val"])), call.value(a["input"]), a["inplace"])
