"""Runs a model file in Pliant and compares it with the network in PyTorch."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch

from .conversion import Converted
from .errors import ConvertError
from .ir import Graph

TOLERANCE = 1e-3  # of outputs up to 1 in size, relative to the largest of others
HALF_TOLERANCE = 2e-2  # where the file's weights have 11 bits
# Unequal sides show a swapped axis, two images a mistake in the batch.
SIZES = ((1, 96, 160), (2, 64, 32))
TIMEOUT_SECONDS = 600


def find_command(given: Optional[str]) -> str:
    """The `pliant` command: as given, else $PLIANT_COMMAND, else from PATH. Raises ConvertError."""
    wanted, where = given, "--pliant"
    if wanted is None and os.environ.get("PLIANT_COMMAND"):
        wanted, where = os.environ["PLIANT_COMMAND"], "PLIANT_COMMAND"
    if wanted is None:
        wanted, where = "pliant", "PATH"
    found = shutil.which(wanted)
    if found is None:
        raise ConvertError(
            f"--verify needs the command 'pliant', but '{wanted}' (from {where}) is no program; "
            "give it with --pliant, PLIANT_COMMAND or PATH"
        )
    return found


def largest_difference(converted: Converted, model: Path, command: str, seed: int = 0) -> float:
    """The largest difference of the first output over random inputs. Raises ConvertError.

    It is absolute for outputs up to 1 in size and relative to the largest number of others.
    """
    generator = np.random.default_rng(seed)
    largest = 0.0
    with tempfile.TemporaryDirectory(prefix="pliant-convert-") as folder:
        for inputs in _samples(converted, generator):
            expected = _in_pytorch(converted.module, inputs)
            actual = _run(command, model, inputs, Path(folder), converted.graph)
            if actual.shape != expected.shape:
                raise ConvertError(
                    f"verification failed: Pliant gave shape {actual.shape}, PyTorch {expected.shape}"
                )
            difference = np.abs(actual.astype(np.float64) - expected)
            if not np.isfinite(difference).all():
                raise ConvertError("verification failed: the outputs hold NaN or infinite numbers")
            largest = max(largest, float(difference.max() / max(1.0, float(np.abs(expected).max()))))
    return largest


def _samples(converted: Converted, generator: np.random.Generator) -> list[list[np.ndarray]]:
    """Inputs to compare with: pictures for a recipe, else numbers of the example shapes, and more."""
    if converted.recipe is not None:
        pre = converted.recipe.preprocess
        return [
            [_pictures(generator, (images, len(pre.mean), height, width), pre)]
            for images, height, width in SIZES
        ]
    batches = [converted.examples]
    if all(port.shape[0] == -1 for port in converted.graph.inputs):
        batches.append([(2 * shape[0], *shape[1:]) for shape in converted.examples])
    return [[generator.standard_normal(shape, np.float32) for shape in shapes] for shapes in batches]


def _in_pytorch(module: torch.nn.Module, inputs: list[np.ndarray]) -> np.ndarray:
    """The module's first output, computed by one thread.

    PyTorch calls BLAS from several threads, and Debian's libopenblas0-serial then gives wrong products.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            result = module.eval()(*(torch.from_numpy(x.copy()) for x in inputs))
            while not isinstance(result, torch.Tensor):
                items = list(result.values() if isinstance(result, dict) else result)
                result = next(item for item in items if item is not None)
            return result.numpy()
    finally:
        torch.set_num_threads(threads)


def _pictures(generator: np.random.Generator, shape: tuple[int, ...], preprocess: Any) -> np.ndarray:
    """Random pictures as the network gets them: patches of 8x8 pixels under some noise.

    White noise is unlike anything that a network has seen; deformable ones turn chaotic on it.
    """
    images, channels, height, width = shape
    patches = generator.uniform(32, 224, (images, channels, height // 8, width // 8))
    pixels = patches.repeat(8, axis=2).repeat(8, axis=3) + generator.uniform(-32, 32, shape)
    mean = np.reshape(preprocess.mean, (channels, 1, 1))
    std = np.reshape(preprocess.std or (1.0,) * channels, (channels, 1, 1))
    return ((pixels - mean) / preprocess.scale / std).astype(np.float32)


def _run(command: str, model: Path, inputs: list[np.ndarray], folder: Path, graph: Graph) -> np.ndarray:
    target = folder / "y.npy"
    target.unlink(missing_ok=True)
    sources = []
    for number, x in enumerate(inputs):
        sources.append(str(folder / f"x{number}.npy"))
        np.save(sources[-1], x)
    wanted = str(target) if len(graph.outputs) == 1 else f"{graph.outputs[0].name}={target}"
    arguments = [command, "run", str(model), "--input", *sources, "--output", wanted]
    try:
        result = subprocess.run(arguments, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        if result.returncode == 0:
            return np.load(target, allow_pickle=False)
    except subprocess.TimeoutExpired as error:
        raise ConvertError(
            f"verification failed: '{command} run' took more than {TIMEOUT_SECONDS} s"
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise ConvertError(
            f"verification failed: '{command} run' gave no readable result ({error})"
        ) from error
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    said = f": {lines[-1]}" if lines else ""
    raise ConvertError(f"verification failed: '{command} run' ended with exit code {result.returncode}{said}")
