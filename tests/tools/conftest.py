"""What the tests of the command share: running it, small models, small pictures."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import tiny_models
from command_support import Pliant, Result


@pytest.fixture(scope="session")
def pliant(pliant_command: Path) -> Pliant:
    """Runs the command: pliant("run", model, ..., cwd=...) -> stdout, stderr (bytes), returncode."""

    def run(*arguments: Any, **options: Any) -> Result:
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        words = [str(pliant_command), *(a if isinstance(a, bytes) else str(a) for a in arguments)]
        return subprocess.run(words, timeout=120, check=False, **options)

    return run


@pytest.fixture(scope="session")
def bright_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write_model(
        tmp_path_factory.mktemp("models") / "bright.pliant", tiny_models.bright_text()
    )


@pytest.fixture(scope="session")
def pair_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write_model(tmp_path_factory.mktemp("models") / "pair.pliant", tiny_models.pair())


@pytest.fixture
def make_picture() -> Callable[..., Path]:
    """Writes a dark PPM of 96 x 64 pixels with so many bright bars, 40 x 10 pixels each."""

    def make(path: Path, bars: int = 1) -> Path:
        pixels = np.zeros((64, 96, 3), np.uint8)
        for bar in range(bars):
            pixels[8 + 20 * bar : 18 + 20 * bar, 20:60] = 255
        path.write_bytes(b"P6\n96 64\n255\n" + pixels.tobytes())
        return path

    return make
