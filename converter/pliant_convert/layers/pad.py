"""Pad: elements added at the borders; negative numbers cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .registry import function, module


@dataclass
class Pad:
    before: tuple[int, ...] = field(metadata={"type": "long"})
    after: tuple[int, ...] = field(metadata={"type": "long"})
    mode: str = field(default="constant", metadata={"enum": "PadMode"})
    value: float = 0.0


def pad(call: Any, x: Value, pads: Any, mode: str, value: Any) -> Value:
    """`pads` are PyTorch's: (before, after) of the last axis, of the one before it and so on."""
    if mode not in ("constant", "reflect", "replicate"):
        call.refuse(f"the padding mode '{mode}'; constant, reflect and replicate are")
    pads = tuple(pads) if isinstance(pads, (tuple, list)) else (pads,)
    if not all(type(n) is int for n in pads):
        call.refuse("a padding whose size only the run will tell")
    if len(pads) % 2 or len(pads) > 2 * x.rank:
        call.refuse(f"{len(pads)} numbers of padding for a value of rank {x.rank}")
    before, after = [0] * x.rank, [0] * x.rank
    for number in range(len(pads) // 2):
        before[x.rank - 1 - number], after[x.rank - 1 - number] = pads[2 * number : 2 * number + 2]
    if mode != "constant" and min(pads, default=0) < 0:
        call.refuse(f"a negative padding in the mode '{mode}'")
    if not any(pads):
        return x
    dims = [size + b + a for size, b, a in zip(x.dims, before, after)]
    for size, b, a, old in zip(dims, before, after, x.dims):
        if type(size) is int and (size < 1 or (mode == "reflect" and max(a, b) >= old)):
            call.refuse(f"a padding by {b} and {a} of an axis of size {old}")
    number = 0.0 if value is None else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        call.refuse(f"the padding value {value!r}")
    return call.emit(Pad(tuple(before), tuple(after), mode, float(number)), [x], dims)


_MODES = {
    nn.ZeroPad2d: "constant",
    nn.ConstantPad2d: "constant",
    nn.ReflectionPad2d: "reflect",
    nn.ReplicationPad2d: "replicate",
}


@module(*_MODES)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    m = call.module
    return pad(call, x, m.padding, _MODES[type(m)], getattr(m, "value", 0.0))


@function(F.pad, torch._C._nn.pad)
def from_function(call: Any) -> Value:
    a = call.bind("input", "pad", mode="constant", value=None)
    return pad(call, call.value(a["input"]), a["pad"], a["mode"], a["value"])
