"""Runs a model file in Pliant and compares it with the recipe in PyTorch."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

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
    """The largest absolute difference of the first output over random inputs. Raises ConvertError."""
    generator = np.random.default_rng(seed)
    recipe = converted.recipe
    largest = 0.0
    with tempfile.TemporaryDirectory(prefix="pliant-convert-") as folder:
        for images, height, width in SIZES:
            x = generator.normal(0.0, 0.5, (images, 3, height, width)).astype(np.float32)
            with torch.no_grad():
                expected = converted.module(torch.from_numpy(x)).numpy()
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
