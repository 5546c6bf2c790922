"""What the converter's tests share. They test the installed package: `pip install ./converter` first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import torch  # noqa: E402
from pliant_convert import cli  # noqa: E402


class Result(NamedTuple):
    code: int
    out: str
    err: str


# PyTorch may be using Debian's libopenblas0-serial, which gives wrong products when several threads call it.
torch.set_num_threads(1)


@pytest.fixture
def convert(capsys: Any) -> Callable[..., Result]:
    """Runs the command in this process."""

    def run(*arguments: Any) -> Result:
        capsys.readouterr()
        try:
            code = cli.main([str(a) for a in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def fails(convert: Callable[..., Result], tmp_path: Path) -> Callable[..., str]:
    """Converts a checkpoint that must fail; checks the rules of failure and gives the message."""

    def run(checkpoint: Path, *arguments: Any, code: int = 1) -> str:
        output = tmp_path / "must-not-exist.pliant"
        before = sorted(tmp_path.iterdir())
        result = convert(checkpoint, "-o", output, *arguments)
        assert result.code == code, result
        assert result.out == ""
        assert result.err.startswith("pliant-convert: error: ") and result.err.count("\n") == 1, result.err
        assert "error: unexpected " not in result.err, result.err
        assert sorted(tmp_path.iterdir()) == before
        return result.err

    return run
