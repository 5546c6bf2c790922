"""Slice: a range along one axis; x[:, 3:9] and the like become one node an axis."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from ..ir import Value
from .registry import function

FAR_END = 2**63 - 1


@dataclass
class Slice:
    axis: int
    start: int
    end: int
    step: int


@function(operator.getitem)
def convert(call: Any) -> Value:
    x, index = call.value(call.args[0]), call.args[1]
    items = list(index) if isinstance(index, tuple) else [index]
    if sum(item is Ellipsis for item in items) > 1 or len([i for i in items if i is not Ellipsis]) > x.rank:
        call.refuse(f"the index {index!r} on a value of rank {x.rank}")
    if Ellipsis in items:
        place = items.index(Ellipsis)
        items[place : place + 1] = [slice(None)] * (x.rank - len(items) + 1)
    result = x
    for axis, item in enumerate(items):
        if not isinstance(item, slice):
            call.refuse(f"the index {item!r}; only ranges such as x[:, 2:5] are supported")
        bounds = (item.start, item.stop, item.step)
        if not all(bound is None or type(bound) is int for bound in bounds):
            call.refuse("a range whose bounds are computed; they have to be plain numbers")
        start = 0 if item.start is None else item.start
        end = FAR_END if item.stop is None else item.stop
        step = 1 if item.step is None else item.step
        if step < 1:
            call.refuse(f"a range with step {step}")
        if (start, end, step) == (0, FAR_END, 1):
            continue
        channels = result.channels
        if axis == 1 and channels is not None:
            channels = len(range(channels)[slice(start, end, step)])
            if channels == 0:
                call.refuse(f"the range {start}:{end} that leaves none of {result.channels} channels")
        result = call.emit(Slice(axis, start, end, step), [result], channels=channels)
    if result is not x:
        call.mark_view(result, x)
    return result
