"""The network between PyTorch and the file: a list of nodes over named values.

Layers are the dataclasses of `layers/`; their fields have the names and meanings of the schema's tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

import numpy as np

from .dims import Size


class Pair(NamedTuple):
    """Height and width."""

    h: int
    w: int


class Source(NamedTuple):
    """A weight of the checkpoint."""

    key: str
    shape: tuple[int, ...]


@dataclass(eq=False)
class Weight:
    """A constant: `name` is the checkpoint's key, `array` is float32 and C-contiguous.

    What was computed from several weights has their keys and shapes as `sources`; its name need be no key.
    """

    name: str
    array: np.ndarray
    sources: tuple[Source, ...] = ()

    @property
    def origins(self) -> tuple[Source, ...]:
        """The keys that the values came from."""
        return self.sources or (Source(self.name, self.array.shape),)


def origins_of(*weights: Optional[Weight]) -> tuple[Source, ...]:
    """Those of all, each once."""
    return tuple(dict.fromkeys(source for weight in weights if weight for source in weight.origins))


@dataclass(eq=False)
class Value:
    """An edge. `dims` are its sizes; those that only the run will tell are `Dim`s (dims.py)."""

    name: str
    dims: tuple[Size, ...]

    @property
    def rank(self) -> int:
        return len(self.dims)

    @property
    def shape(self) -> tuple[int, ...]:
        """`dims` as a port states them, -1 where only the run will tell."""
        return tuple(size if type(size) is int else -1 for size in self.dims)

    @property
    def channels(self) -> Optional[int]:
        """The size of axis 1 where there is one and it is known."""
        return self.dims[1] if len(self.dims) > 1 and type(self.dims[1]) is int else None


@dataclass(eq=False)
class Node:
    """One operation; `name` is the module path, made unique."""

    name: str
    layer: Any
    inputs: list[Value]
    output: Value


@dataclass
class Port:
    """A named input or output. -1 in `shape` = dynamic, and then a multiple of `multiple_of`."""

    name: str
    value: Value
    shape: tuple[int, ...]
    multiple_of: tuple[int, ...] = ()


@dataclass
class Graph:
    """`nodes` stand in an order in which they can run."""

    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def consumers(self) -> dict[Value, list[Node]]:
        """The nodes that read each value, once for each reading."""
        result: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in node.inputs:
                result.setdefault(value, []).append(node)
        return result

    def replace(self, old: Value, new: Value) -> None:
        """Lets all readers of `old`, outputs included, read `new`."""
        for node in self.nodes:
            node.inputs = [new if value is old else value for value in node.inputs]
        for port in self.outputs:
            if port.value is old:
                port.value = new

    def weights(self) -> list[Weight]:
        """Every weight that a node uses, once, in the order of use."""
        found: dict[int, Weight] = {}
        for node in self.nodes:
            for item in vars(node.layer).values():
                if isinstance(item, Weight):
                    found.setdefault(id(item), item)
        return list(found.values())


@dataclass
class InputSpec:
    """What the network takes: as `Port`, without a value."""

    name: str
    shape: tuple[int, ...]
    multiple_of: tuple[int, ...] = ()
