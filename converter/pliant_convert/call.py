"""One recorded operation as a layer's handler sees it."""

from __future__ import annotations

from typing import Any, NoReturn, Optional

from torch import nn

from .dims import Dim, Size, all_same, broadcast, window
from .errors import ConvertError
from .ir import Pair, Value, Weight

MAX_RANK = 6


def shape_text(value: Value) -> str:
    return "x".join(str(size) if type(size) is int else "?" for size in value.dims)


class Unavailable:
    """A result that cannot be known; the error says why, if something needs it."""

    def __init__(self, error: ConvertError) -> None:
        self.error = error


class Call:
    """`path` names the module called or around; `module` is the module called, if one is."""

    def __init__(self, interpreter: Any, path: str, line: str, target: Any, args: list, kwargs: dict) -> None:
        self.interpreter = interpreter
        self.path = path
        self.line = line
        self.target = target
        self.module: Any = None
        self.args = args
        self.kwargs = kwargs

    def where(self) -> str:
        """The operation, its module and source line, for messages."""
        if self.module is not None:
            what = f"module '{self.path}' of type {type(self.module).__name__}"
        else:
            name = (
                self.target
                if isinstance(self.target, str)
                else getattr(self.target, "__name__", str(self.target))
            )
            what = f"'{name}' in '{self.path}'" if self.path else f"'{name}'"
        return what + self.line

    def refuse(self, what: str) -> NoReturn:
        raise ConvertError(f"{self.where()}: {what} is not supported")

    def bind(self, *required: str, **defaults: Any) -> dict[str, Any]:
        """The arguments by name; positional ones in the order of `required`, then `defaults`."""
        names = [*required, *defaults]
        if len(self.args) > len(names):
            self.refuse(f"more than {len(names)} arguments")
        bound = {**defaults, **dict(zip(names, self.args))}
        for key, item in self.kwargs.items():
            # Tensor methods and functions call their first argument differently (self, x, tensor1).
            name = required[0] if key in ("self", "x") and required else key
            if name not in names:
                self.refuse(f"the argument {key}={item!r}")
            bound[name] = item
        missing = [name for name in required if name not in bound]
        if missing:
            self.refuse(f"a call without '{missing[0]}'")
        return bound

    def values(self, *names: str) -> tuple[Value, ...]:
        """The tensors of a call that takes nothing else."""
        bound = self.bind(*names)
        return tuple(self.value(bound[name]) for name in names)

    def value(self, item: Any) -> Value:
        if isinstance(item, Unavailable):
            raise item.error
        if not isinstance(item, Value):
            if item is None:
                self.refuse("None where a tensor is expected")
            kind = "a constant" if isinstance(item, (Weight, int, float)) else f"a {type(item).__name__}"
            self.refuse(f"{kind} where a computed tensor is expected")
        if item in self.interpreter.stale:
            raise ConvertError(f"{self.where()}: its input {self.interpreter.stale[item]}")
        return item

    def constant(self, item: Any) -> Optional[Weight]:
        if isinstance(item, Unavailable):
            raise item.error
        if item is not None and not isinstance(item, Weight):
            self.refuse("a computed tensor as a weight")
        return item

    def weight(self, attribute: str) -> Optional[Weight]:
        """The module's parameter or buffer, None where it has none."""
        return self.interpreter.weight(
            f"{self.path}.{attribute}".lstrip("."), getattr(self.module, attribute, None)
        )

    def pair(self, item: Any) -> Pair:
        items = tuple(item) if isinstance(item, (tuple, list)) else (item, item)
        if len(items) == 1:
            items *= 2
        if len(items) != 2 or not all(type(i) is int for i in items):
            self.refuse(f"{item!r} where one or two whole numbers are expected")
        return Pair(*items)

    def axis(self, dim: Any, rank: int) -> int:
        if type(dim) is not int or not -rank <= dim < rank:
            self.refuse(f"axis {dim!r} of a value of rank {rank}")
        return dim % rank

    def expect_channels(self, value: Value, channels: int) -> None:
        if value.rank != 4:
            self.refuse(f"an input of rank {value.rank}, expected 4,")
        if value.channels is not None and value.channels != channels:
            raise ConvertError(
                f"{self.where()}: its input has {value.channels} channels, its weight expects {channels}"
            )

    def windows(self, x: Value, kernel: Any, stride: Pair, padding: Pair, dilation: Pair) -> tuple:
        """Height and width of what a window makes of x; refuses where nothing is left."""
        pairs = zip(x.dims[2:], kernel, stride, padding, dilation)
        sizes = tuple(window(*numbers) for numbers in pairs)
        if any(type(size) is int and size < 1 for size in sizes):
            self.refuse(f"an input of {x.dims[2]}x{x.dims[3]}, which is smaller than the window,")
        return sizes

    def value_of_size(self, height: Size, width: Size) -> Optional[Value]:
        """An earlier value of rank 4 that is known to have this height and width, or None."""
        found = [
            v for v in self.interpreter.values() if v.rank == 4 and all_same(v.dims[2:], (height, width))
        ]
        return found[-1] if found else None

    def operand(self, item: Any, rank: int = 1) -> Value:
        """A value, or a number or constant made one of at least `rank`, with sizes of 1 in front."""
        if isinstance(item, (bool, complex)) or isinstance(item, Dim):
            self.refuse(f"{item!r} in a calculation with tensors")
        if isinstance(item, (int, float)):
            item = self.interpreter.number(float(item))
        if not isinstance(item, Weight):
            return self.at_rank(self.value(item), rank)
        shape = (1,) * (rank - item.array.ndim) + item.array.shape
        if not shape:
            shape = (1,)
        return self.interpreter.constant(self.path, item, shape)

    def at_rank(self, value: Value, rank: int) -> Value:
        """The value with sizes of 1 in front, as broadcasting has it."""
        if value.rank >= rank:
            return value
        return self.reshape(value, [1] * (rank - value.rank) + list(value.dims))

    def reshape(self, x: Value, sizes: list) -> Value:
        from .layers.reshape import reshape

        return reshape(self, x, sizes)

    def broadcast(self, a: Value, b: Value) -> tuple[Size, ...]:
        for m, n in zip(a.dims, b.dims):
            if type(m) is int and type(n) is int and m != n and 1 not in (m, n):
                self.refuse(f"an operation on values of shapes {shape_text(a)} and {shape_text(b)}")
        return tuple(broadcast(m, n) for m, n in zip(a.dims, b.dims))

    def whole(self, item: Any, what: str) -> int:
        if type(item) is not int:
            self.refuse(f"{what} that is {item!r}; it has to be a plain whole number")
        return item

    def emit(self, layer: Any, inputs: list[Value], dims: Any) -> Value:
        """Appends a node and gives its output, which has the sizes `dims`."""
        kind = type(layer).__name__.lower()
        name = self.path or kind if self.module is not None else f"{self.path}.{kind}".lstrip(".")
        if not 1 <= len(dims) <= MAX_RANK:
            self.refuse(f"a result of rank {len(dims)}; ranks from 1 to {MAX_RANK} are")
        return self.interpreter.emit(name, layer, inputs, tuple(dims))

    def apply(self, name: str, part: Any, x: Value) -> Value:
        """What the module's own part `name` makes of x: a known module, a chain of them, a function."""
        from .layers import registry

        path = f"{self.path}.{name}".lstrip(".")
        inner = Call(self.interpreter, path, self.line, part, [x], {})
        if not isinstance(part, nn.Module):
            handler = registry.FUNCTIONS.get(part)
        else:
            inner.module, handler = part, registry.handler_of_module(part)
            if handler is None and isinstance(part, nn.Sequential):
                for key, item in part.named_children():
                    x = inner.apply(key, item, x)
                return x
        if handler is None:
            self.refuse(f"its part '{name}' of type {type(part).__name__}")
        return handler(inner)

    def overwrite(self, result: Value) -> Value:
        """Says that the operation was in place: its first tensor now holds `result`."""
        first = self.args[0] if self.args else self.kwargs.get("input")
        self.interpreter.overwrite(self.value(first), result, self.where())
        return result

    def mark_view(self, view: Value, base: Value) -> None:
        """Says that `view` shows the memory of `base`."""
        self.interpreter.bases[view] = base
