"""One recorded operation as a layer's handler sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Optional, Union

from .errors import ConvertError
from .ir import Pair, Value, Weight


@dataclass(frozen=True)
class SizeItem:
    """The size of `value` along `axis`, known only at run time."""

    value: Value
    axis: int


@dataclass(frozen=True)
class Size:
    """The sizes of `value` along `axes`: what x.shape and x.shape[2:] give."""

    value: Value
    axes: tuple[int, ...]

    def __getitem__(self, index: Any) -> Union[Size, SizeItem]:
        if isinstance(index, slice):
            return Size(self.value, self.axes[index])
        return SizeItem(self.value, self.axes[index])


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
        if not isinstance(item, Value):
            kind = "a constant" if isinstance(item, (Weight, int, float)) else f"a {type(item).__name__}"
            self.refuse(f"{kind} where a computed tensor is expected")
        if item in self.interpreter.stale:
            raise ConvertError(f"{self.where()}: its input {self.interpreter.stale[item]}")
        return item

    def constant(self, item: Any) -> Optional[Weight]:
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

    def size_like(self, size: Any) -> Optional[Value]:
        """The value whose height and width `size` is, or None."""
        if isinstance(size, Size) and size.axes == (2, 3):
            return size.value
        if isinstance(size, (tuple, list)) and len(size) == 2 and all(isinstance(i, SizeItem) for i in size):
            if (size[0].axis, size[1].axis) == (2, 3) and size[0].value is size[1].value:
                return size[0].value
        return None

    def emit(
        self, layer: Any, inputs: list[Value], channels: Optional[int] = None, rank: Optional[int] = None
    ) -> Value:
        """Appends a node and gives its output."""
        kind = type(layer).__name__.lower()
        name = self.path or kind if self.module is not None else f"{self.path}.{kind}".lstrip(".")
        return self.interpreter.emit(name, layer, inputs, channels, rank or inputs[0].rank)

    def overwrite(self, result: Value) -> Value:
        """Says that the operation was in place: its first tensor now holds `result`."""
        first = self.args[0] if self.args else self.kwargs.get("input")
        self.interpreter.overwrite(self.value(first), result, self.where())
        return result

    def mark_view(self, view: Value, base: Value) -> None:
        """Says that `view` shows the memory of `base`."""
        self.interpreter.bases[view] = base
