"""A case: a network or a layer at one size, as files that every peer's writer and runner can read.

A folder with graph.json (ports, nodes with their attributes and the shape of what they make; all sizes are
numbers), weights.npz, model.pliant, inputs <port>.f32 and what PyTorch makes of them, expected.f32. Arrays
are NCHW.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np


@dataclass(eq=False)
class Node:
    name: str
    layer: str  # the converter's name for it: "Conv2d", ...
    inputs: list[str]
    output: str
    shape: list[int]  # of the output
    attributes: dict[str, Any]
    weights: dict[str, str]  # by the attribute's name, the name in weights.npz


class Case:
    """Reads a case's folder; arrays only where they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        content = json.loads((folder / "graph.json").read_text())
        self.name: str = content["name"]
        self.macs: int = content["macs"]  # of the direct products; rewrites and Winograd do fewer
        self.inputs: dict[str, list[int]] = content["inputs"]
        self.output: str = content["output"]
        self.output_shape: list[int] = content["output_shape"]
        self.nodes = [Node(**node) for node in content["nodes"]]
        self._weights: Optional[Any] = None

    def weight(self, node: Node, attribute: str) -> Optional[np.ndarray]:
        if attribute not in node.weights:
            return None
        if self._weights is None:
            self._weights = np.load(self.folder / "weights.npz")
        return self._weights[node.weights[attribute]]

    def input(self, name: str) -> np.ndarray:
        return np.fromfile(self.folder / f"{name}.f32", np.float32).reshape(self.inputs[name])

    def arrays(self) -> dict[str, np.ndarray]:
        """All inputs."""
        return {name: self.input(name) for name in self.inputs}

    def expected(self) -> np.ndarray:
        return np.fromfile(self.folder / "expected.f32", np.float32).reshape(self.output_shape)

    def readers(self) -> Counter:
        """How often each value is read; the output counts as one reading."""
        count = Counter(value for node in self.nodes for value in node.inputs)
        count[self.output] += 1
        return count
