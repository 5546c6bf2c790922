"""Slice: a range along one axis; x[:, 3:9], chunk, split and the like become one node an axis."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Optional

import torch

from ..dims import Dim, Size, atom, floor_divide, is_size, key_of
from ..ir import Value
from .concat import Concat
from .registry import function, method
from .reshape import reshape

FAR_END = 2**63 - 1


@dataclass
class Slice:
    axis: int
    start: int
    end: int
    step: int


def cut(call: Any, x: Value, axis: int, start: Any, end: Any, step: Any = 1) -> Value:
    """x[start:end:step] along `axis`; a bound may be a size that differs from the axis's by a number."""
    size = x.dims[axis]
    step = call.whole(1 if step is None else step, "a step")
    start, end = _bound(call, start, size, 0), _bound(call, end, size, FAR_END)
    if step < 1:
        call.refuse(f"a range with step {step}")
    if start == 0 and step == 1 and (end >= FAR_END or (type(size) is int and end >= size)):
        return x
    count = _count(size, start, end, step)
    if type(count) is int and count < 1:
        call.refuse(f"the range {start}:{end} that leaves nothing of an axis of size {size}")
    dims = [count if i == axis else old for i, old in enumerate(x.dims)]
    result = call.emit(Slice(axis, start, end, step), [x], dims)
    call.mark_view(result, x)
    return result


def _bound(call: Any, bound: Any, size: Size, absent: int) -> int:
    if bound is None:
        return absent
    if type(bound) is int:
        return max(min(bound, FAR_END), -FAR_END)
    if not is_size(bound):
        call.refuse("a range whose bounds are computed (plain numbers are)")
    difference = bound - size
    if type(difference) is not int:
        call.refuse(f"a range to the bound {bound}, which is no fixed distance from the end,")
    return difference if difference < 0 else FAR_END


def _count(size: Size, start: int, end: int, step: int) -> Size:
    if type(size) is int:
        return len(range(size)[start:end:step])
    span: Optional[Size] = None
    if start < 0 and end >= FAR_END:
        span = -start
    elif start >= 0 and end >= FAR_END:
        span = size - start
    elif start >= 0 and end < 0:
        span = size + end - start
    elif start < 0 and end < 0:
        span = max(end - start, 0)
    if span is None:  # a range that a small input may cut short
        return atom("range", key_of(size), start, end, step)
    return floor_divide(span + (step - 1), step)


@function(operator.getitem)
def convert(call: Any) -> Value:
    x, index = call.value(call.args[0]), call.args[1]
    items = list(index) if isinstance(index, tuple) else [index]
    used = sum(item is not Ellipsis and item is not None for item in items)
    if sum(item is Ellipsis for item in items) > 1 or used > x.rank:
        call.refuse(f"the index {index!r} on a value of rank {x.rank}")
    if Ellipsis in [item if item is Ellipsis else None for item in items]:
        place = next(i for i, item in enumerate(items) if item is Ellipsis)
        items[place : place + 1] = [slice(None)] * (x.rank - used)
    items += [slice(None)] * (x.rank - sum(item is not None for item in items))
    result, shape, axis = x, [], 0
    for item in items:
        if item is None:
            shape.append(1)
            continue
        if isinstance(item, slice):
            result = cut(call, result, axis, item.start, item.stop, item.step)
            shape.append(result.dims[axis])
        elif isinstance(item, list) and item and all(isinstance(i, slice) for i in items if i is not item):
            result = _gather(call, result, axis, item)
            shape.append(len(item))
        else:
            result = _select(call, result, axis, item)
        axis += 1
    return reshape(call, result, shape)


def _select(call: Any, x: Value, axis: int, index: Any) -> Value:
    """One place along `axis`, which keeps the size 1."""
    if isinstance(index, Dim):
        index = _bound(call, index, x.dims[axis], 0)
    if type(index) is not int:
        call.refuse(f"the index {index!r} (ranges such as x[:, 2:5], whole numbers and one list of them are)")
    size = x.dims[axis]
    if type(size) is int and not -size <= index < size:
        call.refuse(f"the index {index} of an axis of size {size}")
    result = cut(call, x, axis, index, FAR_END if index == -1 else index + 1)
    if type(size) is int:
        return result
    # The range x[i:i+1] has one element wherever the index is valid.
    result.dims = tuple(1 if i == axis else old for i, old in enumerate(result.dims))
    return result


def _gather(call: Any, x: Value, axis: int, places: list) -> Value:
    """x[:, [2, 1, 0]]: places along `axis`, in an order of one's own. The result is no view."""
    parts = [_select(call, x, axis, place) for place in places]
    return call.emit(Concat(axis), parts, [len(places) if i == axis else n for i, n in enumerate(x.dims)])


@function(torch.select)
@method("select")
def select(call: Any) -> Value:
    a = call.bind("input", "dim", "index")
    x = call.value(a["input"])
    axis = call.axis(a["dim"], x.rank)
    one = _select(call, x, axis, a["index"])
    return reshape(call, one, [size for i, size in enumerate(one.dims) if i != axis])


@function(torch.narrow)
@method("narrow")
def narrow(call: Any) -> Value:
    a = call.bind("input", "dim", "start", "length")
    x = call.value(a["input"])
    start, length = call.whole(a["start"], "a start"), call.whole(a["length"], "a length")
    end = start + length if start >= 0 or start + length < 0 else FAR_END
    return cut(call, x, call.axis(a["dim"], x.rank), start, end)


def _parts(call: Any, x: Value, axis: int, sizes: list[int]) -> tuple[Value, ...]:
    result, first = [], 0
    for size in sizes:
        result.append(cut(call, x, axis, first, first + size))
        first += size
    return tuple(result)


def _known(call: Any, x: Value, axis: int) -> int:
    size = x.dims[axis]
    if type(size) is not int:
        call.refuse(f"dividing axis {axis}, whose size only the run will tell,")
    return size


@function(torch.chunk)
@method("chunk")
def chunk(call: Any) -> tuple[Value, ...]:
    a = call.bind("input", "chunks", dim=0)
    x = call.value(a["input"])
    axis = call.axis(a["dim"], x.rank)
    size = _known(call, x, axis)
    return _split(call, x, axis, -(-size // call.whole(a["chunks"], "a number of chunks")))


def _split(call: Any, x: Value, axis: int, part: int) -> tuple[Value, ...]:
    size = _known(call, x, axis)
    if part < 1:
        call.refuse(f"parts of size {part}")
    return _parts(call, x, axis, [min(part, size - first) for first in range(0, size, part)])


@function(torch.split)
@method("split", "split_with_sizes")
def split(call: Any) -> tuple[Value, ...]:
    for name in ("split_size", "split_sizes"):
        if name in call.kwargs:
            call.kwargs["split_size_or_sections"] = call.kwargs.pop(name)
    a = call.bind("tensor", "split_size_or_sections", dim=0)
    x = call.value(a["tensor"])
    axis, sizes = call.axis(a["dim"], x.rank), a["split_size_or_sections"]
    if type(sizes) is int:
        return _split(call, x, axis, sizes)
    sizes = [call.whole(size, "a size of a part") for size in sizes]
    if sum(sizes) != _known(call, x, axis) or min(sizes, default=0) < 1:
        call.refuse(f"parts of the sizes {sizes} of an axis of size {x.dims[axis]}")
    return _parts(call, x, axis, sizes)


@function(torch.unbind)
@method("unbind")
def unbind(call: Any) -> tuple[Value, ...]:
    a = call.bind("input", dim=0)
    x = call.value(a["input"])
    axis = call.axis(a["dim"], x.rank)
    shape = [size for i, size in enumerate(x.dims) if i != axis]
    return tuple(reshape(call, part, shape) for part in _parts(call, x, axis, [1] * _known(call, x, axis)))
