"""Where the tests find what the build made."""

import os
import sys
from pathlib import Path

import pytest

# PyTorch is the reference here. Debian's one may sit on the serial OpenBLAS, which gives wrong products when
# several threads call it at once.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def pliant_bin() -> Path:
    """The folder of the build's executables: PLIANT_BIN, or where ./dev build leaves them."""
    folder = Path(os.environ.get("PLIANT_BIN", ROOT / "build" / "release" / "bin"))
    if not folder.is_dir():
        pytest.fail(f"{folder} is not there: run ./dev build, or set PLIANT_BIN")
    return folder


@pytest.fixture(scope="session")
def pliant_command() -> Path:
    """The command: PLIANT_COMMAND, or where ./dev build leaves it."""
    command = Path(os.environ.get("PLIANT_COMMAND", ROOT / "build" / "release" / "bin" / "pliant"))
    if not command.is_file():
        pytest.fail(f"{command} is not there: run ./dev build, or set PLIANT_COMMAND")
    return command


@pytest.fixture(scope="session")
def pliant_convert_command() -> str:
    """The converter: PLIANT_CONVERT, or the one beside this Python."""
    command = Path(os.environ.get("PLIANT_CONVERT", Path(sys.executable).parent / "pliant-convert"))
    if not command.is_file():
        pytest.fail(f"{command} is not there: run ./dev build, or set PLIANT_CONVERT")
    return str(command)
