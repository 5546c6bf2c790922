"""Names that the tests of the command share."""

from __future__ import annotations

import subprocess
from typing import Callable

Result = subprocess.CompletedProcess
Pliant = Callable[..., Result]


def assert_error(result: Result, code: int, *parts: str) -> None:
    """One line on standard error that says what is wrong, and the exit code."""
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert text.startswith("pliant: error: "), text
    assert text.endswith("\n") and text.count("\n") == 1, text
    for part in parts:
        assert part in text
