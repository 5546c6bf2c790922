"""Reshape: the same elements with other sizes; view, flatten, squeeze, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..dims import Dim, all_same, is_size, key_of, product, quotient, share
from ..ir import Value
from .registry import function, method, module
from .transpose import numbers, permute


@dataclass
class Reshape:
    """Size i is sizes[i]; 0 = the input's along axis copy[i] * factor[i] / divisor[i]; -1 = what is left."""

    sizes: tuple[int, ...] = field(metadata={"type": "long"})
    copy: tuple[int, ...] = field(metadata={"type": "int"})
    factor: tuple[int, ...] = field(metadata={"type": "long"})
    divisor: tuple[int, ...] = field(metadata={"type": "long"})


def reshape(call: Any, x: Value, sizes: list) -> Value:
    """`sizes` are ints and Dims, -1 at most once. The result counts as a view of x."""
    if not all(is_size(size) for size in sizes):
        call.refuse(f"the sizes {tuple(sizes)}; whole numbers and sizes of tensors are")
    open_at = [i for i, size in enumerate(sizes) if type(size) is int and size == -1]
    if len(open_at) > 1 or any(type(size) is int and size < -1 for size in sizes):
        call.refuse(f"the sizes {tuple(sizes)}")
    dims, total = list(sizes), product(x.dims)
    if open_at:
        rest = product(size for i, size in enumerate(sizes) if i != open_at[0])
        if type(rest) is int and type(total) is int and (rest == 0 or total % rest):
            call.refuse(f"a shape {tuple(sizes)} for {total} elements")
        dims[open_at[0]] = quotient(total, rest)
    elif type(total) is int and type(product(dims)) is int and total != product(dims):
        call.refuse(f"a shape {tuple(sizes)} for {total} elements")
    if not dims:
        call.refuse("a result without axes")
    if all_same(dims, x.dims):
        return x
    result = call.emit(_layer(call, x, dims), [x], dims)
    call.mark_view(result, x)
    return result


def _layer(call: Any, x: Value, dims: list) -> Reshape:
    rows, unknown = [], []
    for axis, size in enumerate(dims):
        if type(size) is int:
            rows.append((size, 0, 1, 1))
            continue
        # Half of a size, rounded down, is a half: the elements would not fit otherwise, and the run says so.
        found = [(i, share(size, known)) for i, known in enumerate(x.dims) if isinstance(known, Dim)]
        found = [(i, r) for i, r in found if r is not None and r > 0]
        if found:
            i, r = min(found, key=lambda item: (item[1] != 1, abs(item[0] - axis)))
            rows.append((0, i, r.numerator, r.denominator))
        else:
            unknown.append(size)
            rows.append((-1, 0, 1, 1))
    if len(unknown) > 1:
        call.refuse(
            f"a shape with the sizes {unknown[0]} and {unknown[1]}, no multiples of the input's sizes,"
        )
    return Reshape(*(tuple(column) for column in zip(*rows)))


@function(torch.reshape)
@method("reshape", "view")
def from_reshape(call: Any) -> Value:
    x, sizes = numbers(call, "shape" if "shape" in call.kwargs else "size")
    return reshape(call, call.value(x), sizes)


@method("view_as", "reshape_as")
def like_another(call: Any) -> Value:
    x, other = call.values("input", "other")
    return reshape(call, x, list(other.dims))


def _flatten(call: Any, x: Value, first: Any, last: Any) -> Value:
    first, last = call.axis(first, x.rank), call.axis(last, x.rank)
    if last < first:
        call.refuse(f"flattening from axis {first} to {last}")
    return reshape(call, x, [*x.dims[:first], product(x.dims[first : last + 1]), *x.dims[last + 1 :]])


@module(nn.Flatten)
def flatten_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _flatten(call, x, call.module.start_dim, call.module.end_dim)


@function(torch.flatten)
@method("flatten")
def flatten(call: Any) -> Value:
    a = call.bind("input", start_dim=0, end_dim=-1)
    return _flatten(call, call.value(a["input"]), a["start_dim"], a["end_dim"])


def _unflatten(call: Any, x: Value, dim: Any, sizes: Any) -> Value:
    axis, sizes = call.axis(dim, x.rank), list(sizes)
    if -1 in [size for size in sizes if type(size) is int]:
        place = [key_of(size) for size in sizes].index(-1)
        sizes[place] = quotient(x.dims[axis], product(sizes[:place] + sizes[place + 1 :]))
    return reshape(call, x, [*x.dims[:axis], *sizes, *x.dims[axis + 1 :]])


@module(nn.Unflatten)
def unflatten_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _unflatten(call, x, call.module.dim, call.module.unflattened_size)


@function(torch.unflatten)
@method("unflatten")
def unflatten(call: Any) -> Value:
    a = call.bind("input", "dim", "sizes")
    return _unflatten(call, call.value(a["input"]), a["dim"], a["sizes"])


@function(torch.squeeze)
@method("squeeze")
def squeeze(call: Any) -> Value:
    a = call.bind("input", dim=None)
    x = call.value(a["input"])
    wanted = a["dim"]
    axes = range(x.rank) if wanted is None else wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    axes = [call.axis(axis, x.rank) for axis in axes]
    if any(isinstance(x.dims[axis], Dim) for axis in axes):
        call.refuse("squeezing an axis whose size only the run will tell; name axes of size 1,")
    return reshape(call, x, [n for i, n in enumerate(x.dims) if i not in axes or n != 1])


@function(torch.unsqueeze)
@method("unsqueeze")
def unsqueeze(call: Any) -> Value:
    a = call.bind("input", "dim")
    x = call.value(a["input"])
    axis = call.axis(a["dim"], x.rank + 1)
    return reshape(call, x, [*x.dims[:axis], 1, *x.dims[axis:]])


def _shuffle(call: Any, x: Value, groups: int) -> Value:
    n, c, h, w = x.dims
    if c % groups:
        call.refuse(f"{c} channels in {groups} groups")
    split = reshape(call, x, [n, groups, c // groups, h, w])
    return reshape(call, permute(call, split, (0, 2, 1, 3, 4)), [n, c, h, w])


@module(nn.ChannelShuffle)
def channel_shuffle_module(call: Any) -> Value:
    (x,) = call.values("input")
    call.expect_channels(x, x.channels)
    return _shuffle(call, x, call.module.groups)


@function(torch.channel_shuffle)
def channel_shuffle(call: Any) -> Value:
    a = call.bind("input", "groups")
    x = call.value(a["input"])
    call.expect_channels(x, x.channels)
    return _shuffle(call, x, call.whole(a["groups"], "a number of groups"))


def _pixel_shuffle(call: Any, x: Value, r: int) -> Value:
    call.expect_channels(x, x.channels)
    n, c, h, w = x.dims
    if c % (r * r):
        call.refuse(f"a pixel shuffle by {r} of {c} channels")
    split = reshape(call, x, [n, c // (r * r), r, r, h, w])
    return reshape(call, permute(call, split, (0, 1, 4, 2, 5, 3)), [n, c // (r * r), h * r, w * r])


def _pixel_unshuffle(call: Any, x: Value, r: int) -> Value:
    call.expect_channels(x, x.channels)
    n, c, h, w = x.dims
    split = reshape(call, x, [n, c, quotient(h, r), r, quotient(w, r), r])
    result = permute(call, split, (0, 1, 3, 5, 2, 4))
    return reshape(call, result, [n, c * r * r, quotient(h, r), quotient(w, r)])


@module(nn.PixelShuffle)
def pixel_shuffle_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _pixel_shuffle(call, x, call.module.upscale_factor)


@module(nn.PixelUnshuffle)
def pixel_unshuffle_module(call: Any) -> Value:
    (x,) = call.values("input")
    return _pixel_unshuffle(call, x, call.module.downscale_factor)


@function(F.pixel_shuffle, torch.pixel_shuffle)
def pixel_shuffle(call: Any) -> Value:
    a = call.bind("input", "upscale_factor")
    return _pixel_shuffle(call, call.value(a["input"]), call.whole(a["upscale_factor"], "a factor"))


@function(F.pixel_unshuffle, torch.pixel_unshuffle)
def pixel_unshuffle(call: Any) -> Value:
    a = call.bind("input", "downscale_factor")
    return _pixel_unshuffle(call, call.value(a["input"]), call.whole(a["downscale_factor"], "a factor"))
