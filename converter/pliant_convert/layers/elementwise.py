"""What the element-wise layers of one and two values share."""

from __future__ import annotations

from typing import Any

from ..ir import Value, Weight


def two_values(call: Any, layer: Any) -> Value:
    """Emits a layer of two values from `op(a, b)`, broadcast; one of them may be a number or a constant."""
    a = call.bind("input", "other")
    return combine(call, layer, a["input"], a["other"])


def combine(call: Any, layer: Any, a: Any, b: Any) -> Value:
    """layer(a, b)."""
    rank = max(_rank(a), _rank(b), 1)
    x, y = call.operand(a, rank), call.operand(b, rank)
    return call.emit(layer, [x, y], call.broadcast(x, y))


def _rank(item: Any) -> int:
    if isinstance(item, Value):
        return item.rank
    return item.array.ndim if isinstance(item, Weight) else 0


def one_value(call: Any, layer: Any, **defaults: Any) -> Value:
    """Emits a layer of one value from `op(x)`, `op(x, inplace=True)` or a module with `inplace`."""
    a = call.bind("input", **defaults, inplace=False)
    return finish(call, layer, call.value(a["input"]), a["inplace"])


def finish(call: Any, layer: Any, x: Value, in_place: Any = False) -> Value:
    """Emits a layer that keeps the shape of x, and overwrites x where the call does."""
    result = call.emit(layer, [x], x.dims)
    if in_place or getattr(call.module, "inplace", False):
        return call.overwrite(result)
    return result
