"""Runs PyTorch modules and model files through the installed converter and the `pliant` command."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pliant_convert import writer
from pliant_convert.ir import InputSpec
from pliant_convert.passes import simplify
from pliant_convert.trace import trace
from torch import nn


def write_model(
    module: nn.Module, path: Path, channels: Sequence[int], fold: bool = True, outputs: Sequence[str] = ()
) -> Path:
    """A model file of a module whose inputs are maps [N, channels[i], H, W] of any size."""
    specs = [InputSpec(f"x{i}", (-1, c, -1, -1)) for i, c in enumerate(channels)]
    graph = trace(nn.Sequential(module).eval() if len(channels) == 1 else module.eval(), specs, list(outputs))
    if fold:
        simplify(graph)
    path.write_bytes(writer.model_bytes(graph, path.stem, None, None, writer.Provenance("test", "", "", "")))
    return path


def run_model(
    command: str, model: Path, inputs: Sequence[torch.Tensor], folder: Path, outputs: int = 1, *options: str
) -> list[np.ndarray]:
    """The outputs of `pliant run`, in the graph's order."""
    sources, targets = [], []
    for i, x in enumerate(inputs):
        sources.append(str(folder / f"in{i}.npy"))
        np.save(sources[-1], np.ascontiguousarray(x.numpy()))
    for i in range(outputs):
        targets.append(str(folder / f"out{i}.npy"))
    arguments = [command, "run", str(model), "--input", *sources, "--output", *targets, *options]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=900, check=False)
    assert result.returncode == 0, result.stderr
    return [np.load(target) for target in targets]


def assert_close(actual: np.ndarray, expected: np.ndarray, message: str = "") -> None:
    """|a-b| <= 1e-5 + 1e-4 max|reference|, and the same shape."""
    assert actual.shape == expected.shape, f"{actual.shape} instead of {expected.shape} {message}"
    worst = float(np.abs(actual.astype(np.float64) - expected).max())
    limit = 1e-5 + 1e-4 * float(np.abs(expected).max())
    assert worst <= limit, f"difference {worst:.3g} above {limit:.3g} {message}"
