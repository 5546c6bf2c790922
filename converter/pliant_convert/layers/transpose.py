"""Transpose: a permutation of axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from ..ir import Value
from .registry import function, method


@dataclass
class Transpose:
    perm: tuple[int, ...] = field(metadata={"type": "int"})


def permute(call: Any, x: Value, perm: Any) -> Value:
    perm = tuple(call.axis(axis, x.rank) for axis in perm)
    if sorted(perm) != list(range(x.rank)):
        call.refuse(f"the permutation {perm} of a value of rank {x.rank}")
    result = call.emit(Transpose(perm), [x], [x.dims[axis] for axis in perm])
    call.mark_view(result, x)
    return result


def numbers(call: Any, first: str) -> tuple[Any, list]:
    """(tensor, numbers) of f(x, 1, 2) and f(x, (1, 2)); `first` is the numbers' keyword."""
    args = list(call.args)
    x = args.pop(0) if args else call.kwargs.pop("input", None)
    if first in call.kwargs:
        args = [call.kwargs.pop(first)]
    if call.kwargs:
        call.refuse(f"the argument {next(iter(call.kwargs))}")
    items = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    return x, list(items)


@function(torch.permute)
@method("permute")
def from_permute(call: Any) -> Value:
    x, perm = numbers(call, "dims")
    return permute(call, call.value(x), perm)


@function(torch.transpose, torch.swapaxes, torch.swapdims)
@method("transpose", "swapaxes", "swapdims")
def from_transpose(call: Any) -> Value:
    a = call.bind("input", "dim0", "dim1")
    x = call.value(a["input"])
    perm = list(range(x.rank))
    i, j = call.axis(a["dim0"], x.rank), call.axis(a["dim1"], x.rank)
    perm[i], perm[j] = perm[j], perm[i]
    return permute(call, x, perm)


@function(torch.t)
@method("t")
def from_t(call: Any) -> Value:
    (x,) = call.values("input")
    if x.rank > 2:
        call.refuse(f"a value of rank {x.rank}")
    return permute(call, x, range(x.rank)[::-1])


@function(torch.movedim, torch.moveaxis)
@method("movedim", "moveaxis")
def from_movedim(call: Any) -> Value:
    a = call.bind("input", "source", "destination")
    x = call.value(a["input"])
    pairs = [v if isinstance(v, (tuple, list)) else (v,) for v in (a["source"], a["destination"])]
    sources = [call.axis(axis, x.rank) for axis in pairs[0]]
    perm = [axis for axis in range(x.rank) if axis not in sources]
    targets = [call.axis(axis, x.rank) for axis in pairs[1]]
    for target, source in sorted(zip(targets, sources)):
        perm.insert(target, source)
    return permute(call, x, perm)
