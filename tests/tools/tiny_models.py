"""Models without weights, written as JSON and made into files by flatc: quick to make, easy to predict."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).resolve().parents[2] / "schema" / "model.fbs"


def write_model(path: Path, content: dict[str, Any]) -> Path:
    """Writes `content`, a Model of the schema, to `path` (*.pliant)."""
    flatc = shutil.which("flatc")
    assert flatc is not None, "flatc is not there: install flatbuffers-compiler"
    source = path.with_suffix(".json")
    source.write_text(json.dumps(content), encoding="utf-8")
    subprocess.run([flatc, "--binary", "-o", str(path.parent), str(SCHEMA), str(source)], check=True)
    assert path.is_file()
    return path


def value(name: str) -> dict[str, Any]:
    return {"name": name, "rank": 4}


def port(index: int, name: str, channels: int, multiple: int) -> dict[str, Any]:
    return {
        "value": index,
        "name": name,
        "shape": [-1, channels, -1, -1],
        "multiple_of": [1, 1, multiple, multiple],
    }


def node(name: str, layer: str, inputs: list[int], outputs: list[int], **attributes: Any) -> dict[str, Any]:
    return {"name": name, "layer_type": layer, "layer": attributes, "inputs": inputs, "outputs": outputs}


def bright_text() -> dict[str, Any]:
    """A "text detector" that takes bright for text: p = sigmoid((blue - 128) / 16)."""
    return {
        "name": "bright",
        "values": [value("image"), value("blue"), value("probability")],
        "nodes": [
            node("take_blue", "Slice", [0], [1], axis=1, start=0, end=1),
            node("squash", "Sigmoid", [1], [2]),
        ],
        "inputs": [port(0, "image", 3, 32)],
        "outputs": [port(2, "probability", 1, 1)],
        "preprocess": {"short_side": 64, "multiple_of": 32, "mean": [128.0, 128.0, 128.0], "scale": 16.0},
        "postprocess": {"thresh": 0.5, "box_thresh": 0.6},
        "provenance": {"recipe": "by_hand", "source_file": "bright.json"},
    }


def pair() -> dict[str, Any]:
    """sum = a + b, product = a * b."""
    return {
        "name": "pair",
        "values": [value("a"), value("b"), value("sum"), value("product")],
        "nodes": [node("plus", "Add", [0, 1], [2]), node("times", "Mul", [0, 1], [3])],
        "inputs": [port(0, "a", 2, 1), port(1, "b", 2, 1)],
        "outputs": [port(2, "sum", 2, 1), port(3, "product", 2, 1)],
    }
