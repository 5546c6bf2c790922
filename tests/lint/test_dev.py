"""The parts of ./dev that can be tested without building anything."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

DEV = Path(__file__).resolve().parents[2] / "dev"


def dev(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [DEV, *arguments]
    return subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_help_names_every_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shown = dev(*arguments, cwd=tmp_path)
    assert shown.returncode == 0
    commands = re.findall(r"^  ([\w-]+)", shown.stdout, re.MULTILINE)
    known = ["demo", "test", "fuzz", "build", "bench", "bench-peers", "bench-scaling", "lint", "format"]
    known += ["doctor", "help"]
    assert commands == known


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("nonsense",), "dev: error: there is no command 'nonsense'; ./dev help lists them"),
        (("test", "--nonsense"), "dev: error: test: unknown option --nonsense; there is --sanitize"),
        (("test", "one", "two"), "dev: error: test: one filter at most, 'one' and 'two' were given"),
        (("fuzz", "long"), "dev: error: fuzz: expected the seconds for each target, 'long' was given"),
        (
            ("bench-peers", "--peers", "pliant,nonsense"),
            "dev: error: bench-peers: argument --peers: there is no peer 'nonsense'; "
            "there are pliant, pliant-nhwc, onnxruntime, openvino, ncnn, torch",
        ),
        (
            ("bench-peers", "--size", "640"),
            "dev: error: bench-peers: argument --size: '640' is not HEIGHTxWIDTH in multiples of 32",
        ),
        (("build", "fast"), "dev: error: build takes no arguments; 'fast' was given"),
    ],
)
def test_usage_errors(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    refused = dev(*arguments, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[0] == message
