"""expand and repeat, made of the layers that there are: nearest upsampling from 1x1, and joined copies."""

from __future__ import annotations

from typing import Any

import torch

from ..dims import Dim, same
from ..ir import Value
from .concat import Concat
from .registry import function, method
from .reshape import numbers
from .upsample import resize

MOST_COPIES = 1024  # of one value along one axis


def _expand(call: Any, x: Value, sizes: list) -> Value:
    if len(sizes) < x.rank:
        call.refuse(f"{len(sizes)} sizes for a value of rank {x.rank}")
    x = call.at_rank(x, len(sizes))
    keep = lambda size: type(size) is int and size == -1  # noqa: E731
    wanted = [old if keep(size) else size for old, size in zip(x.dims, sizes)]
    result = x
    spatial = [i for i in (2, 3) if i < x.rank and not same(x.dims[i], wanted[i])]
    ones = all(type(x.dims[i]) is int and x.dims[i] == 1 for i in spatial)
    if x.rank == 4 and ones and any(isinstance(wanted[i], Dim) for i in spatial):
        # Nearest from a size of 1 copies it; the other axis keeps its size.
        result = resize(call, result, wanted[2], wanted[3])
    for axis, (old, new) in enumerate(zip(result.dims, wanted)):
        if same(old, new):
            continue
        if type(old) is not int or old != 1 or type(new) is not int:
            call.refuse(f"expanding an axis of size {old} to {new}")
        result = _copies(call, result, axis, new)
    return result


def _copies(call: Any, x: Value, axis: int, count: int) -> Value:
    if not 1 <= count <= MOST_COPIES:
        call.refuse(f"{count} copies along an axis")
    if count == 1:
        return x
    dims = [size * count if i == axis else size for i, size in enumerate(x.dims)]
    return call.emit(Concat(axis), [x] * count, dims)


@method("expand")
def expand(call: Any) -> Value:
    x, sizes = numbers(call, "size")
    return _expand(call, call.value(x), sizes)


@function(torch.broadcast_to)
@method("broadcast_to")
def broadcast_to(call: Any) -> Value:
    a = call.bind("input", "size")
    return _expand(call, call.value(a["input"]), list(a["size"]))


@method("expand_as")
def expand_as(call: Any) -> Value:
    x, other = call.values("input", "other")
    return _expand(call, x, list(other.dims))


@function(torch.tile)
@method("repeat", "tile")
def repeat(call: Any) -> Value:
    x, counts = numbers(call, "dims" if "dims" in call.kwargs else "repeats")
    x = call.value(x)
    counts = [call.whole(count, "a number of copies") for count in counts]
    counts = [1] * (x.rank - len(counts)) + counts
    result = call.at_rank(x, len(counts))
    for axis, count in enumerate(counts):
        result = _copies(call, result, axis, count)
    return result
