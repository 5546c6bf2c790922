"""What the element-wise layers of one and two values share."""

from __future__ import annotations

from typing import Any

from ..ir import Value


def two_values(call: Any, layer: Any) -> Value:
    """Emits a layer of two values from `op(a, b)`; constants are not values."""
    a = call.bind("input", "other", alpha=1)
    if a["alpha"] != 1:
        call.refuse(f"alpha={a['alpha']}")
    x, y = call.value(a["input"]), call.value(a["other"])
    known = [c for c in (x.channels, y.channels) if c is not None]
    if len(known) == 2 and known[0] != known[1] and 1 not in known and x.rank == y.rank:
        call.refuse(f"{known[0]} channels with {known[1]}")
    channels = max(known) if len(known) == 2 and x.rank == y.rank else None
    return call.emit(layer, [x, y], channels=channels, rank=max(x.rank, y.rank))


def one_value(call: Any, layer: Any) -> Value:
    """Emits a layer of one value from `op(x)`, `op(x, inplace=True)` or a module with `inplace`."""
    a = call.bind("input", inplace=False)
    x = call.value(a["input"])
    result = call.emit(layer, [x], channels=x.channels)
    if a["inplace"] or getattr(call.module, "inplace", False):
        return call.overwrite(result)
    return result
