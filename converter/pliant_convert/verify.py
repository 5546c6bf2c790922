"""Runs a model file in Pliant and compares it with the recipe in PyTorch."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch

from .convert import Converted
from .errors import ConvertError

TOLERANCE = 1e-3
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
    """The largest absolute difference of the first output over random pictures. Raises ConvertError."""
    generator = np.random.default_rng(seed)
    recipe = converted.recipe
    largest = 0.0
    with tempfile.TemporaryDirectory(prefix="pliant-convert-") as folder:
        for images, height, width in SIZES:
            x = _pictures(generator, (images, len(recipe.preprocess.mean), height, width), recipe.preprocess)
            expected = _in_pytorch(converted.module, x)
            actual = _run(command, model, x, Path(folder), len(converted.graph.outputs), recipe.output_name)
            if actual.shape != expected.shape:
                raise ConvertError(
                    f"verification failed: Pliant gave shape {actual.shape}, PyTorch {expected.shape}"
                )
            difference = np.abs(actual.astype(np.float64) - expected)
            if not np.isfinite(difference).all():
                raise ConvertError("verification failed: the outputs hold NaN or infinite numbers")
            largest = max(largest, float(difference.max()))
    return largest


def _in_pytorch(module: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    """The module's output, computed by one thread.

    PyTorch calls BLAS from several threads, and Debian's libopenblas0-serial then gives wrong products.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            return module(torch.from_numpy(x)).numpy()
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


def _run(
    command: str, model: Path, x: np.ndarray, folder: Path, outputs: int, output_name: str
) -> np.ndarray:
    source, target = folder / "x.npy", folder / "y.npy"
    np.save(source, x)
    target.unlink(missing_ok=True)
    wanted = str(target) if outputs == 1 else f"{output_name}={target}"
    arguments = [command, "run", str(model), "--input", str(source), "--output", wanted]
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
