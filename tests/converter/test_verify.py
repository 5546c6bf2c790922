"""--verify, with stand-ins for the command `pliant`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import reference
import seeded
from pliant_convert import verify

REFERENCE = Path(__file__).with_name("reference.py")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "weights.pth"
    seeded.save(seeded.state_dict(seeded.module("deformable_resnet18", 4, width=8, neck=16)), path)
    return path


@pytest.fixture
def pliant(tmp_path):
    """Makes a command `pliant` of a few lines of Python."""

    def make(body: str) -> Path:
        path = tmp_path / "bin" / "pliant"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\nimport sys\nout = sys.argv[-1].rpartition('=')[2]\n{body}\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def in_process(monkeypatch, pliant):
    """A command that runs the reference executor and changes its output, without a process of its own."""

    def make(change: Callable[[np.ndarray], np.ndarray] = lambda y: y) -> list:
        calls = []

        def run(arguments, **_):
            calls.append(arguments)
            monkeypatch.setattr(sys, "argv", arguments)
            reference.main()
            path = arguments[-1].rpartition("=")[2]
            np.save(path, change(np.load(path)))
            return subprocess.CompletedProcess(arguments, 0, b"", b"")

        monkeypatch.setattr(verify.subprocess, "run", run)
        monkeypatch.setenv("PLIANT_COMMAND", str(pliant("")))
        return calls

    return make


@pytest.mark.parametrize("where", ["--pliant", "PLIANT_COMMAND", "PATH"])
def test_a_real_process(convert, checkpoint, pliant, tmp_path, monkeypatch, where):
    """The command is found in each of the three places, and what it says is passed on."""
    command = pliant(f"sys.exit('pliant: error: asked from {where} with ' + ' '.join(sys.argv[1:3]))")
    monkeypatch.delenv("PLIANT_COMMAND", raising=False)
    arguments = ["--pliant", command] if where == "--pliant" else []
    if where == "PLIANT_COMMAND":
        monkeypatch.setenv("PLIANT_COMMAND", str(command))
    elif where == "PATH":
        monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    output = tmp_path / "x.pliant"
    result = convert(checkpoint, "-o", output, "--verify", *arguments)
    assert result.code == 1
    assert result.err == (
        f"pliant-convert: error: verification failed: '{command} run' ended with exit code 1: "
        f"pliant: error: asked from {where} with run {output}\n"
    )


def test_verified_by_a_real_process(convert, checkpoint, pliant, tmp_path):
    command = pliant(f"sys.path.insert(0, {str(REFERENCE.parent)!r})\nimport reference\nreference.main()")
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--verify", "--pliant", command)
    assert result.code == 0, result.err
    assert "verified" in result.out


@pytest.mark.parametrize("logits", [False, True])
def test_verified(convert, checkpoint, tmp_path, in_process, logits):
    calls = in_process()
    arguments = ["--output-logits"] if logits else []
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--verify", *arguments)
    assert result.code == 0, result.err
    said = result.out.splitlines()[-1]
    assert said.startswith("verified: the largest difference from PyTorch is ")
    assert 0 <= float(said.rpartition(" ")[2]) < 1e-4
    assert len(calls) == 2
    assert all(call[-1].startswith("binary=") == logits for call in calls)


def with_nan(y):
    y[0, 0, 3, 5] = np.nan
    return y


def last_pixel_off(y):
    y[-1, 0, -1, -1] += 0.0021
    return y


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (last_pixel_off, "largest difference from PyTorch is 0.002"),
        (with_nan, "NaN"),
        (lambda y: y[:, :, 1:], "gave shape (1, 1, 95, 160), PyTorch (1, 1, 96, 160)"),
    ],
)
def test_differences(convert, checkpoint, tmp_path, in_process, change, words):
    in_process(change)
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--verify")
    assert result.code == 1
    assert (
        result.err.startswith("pliant-convert: error: verification failed: ") and result.err.count("\n") == 1
    )
    assert words in result.err


@pytest.mark.parametrize("body", ["", "open(out, 'wb').write(b'junk')", "open(out, 'wb').write(b'')"])
def test_no_result(convert, checkpoint, pliant, tmp_path, body):
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--verify", "--pliant", pliant(body))
    assert result.code == 1 and "no readable result" in result.err and result.err.count("\n") == 1


def test_a_small_difference_passes(convert, checkpoint, tmp_path, in_process):
    in_process(lambda y: y + 0.0005)
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--verify")
    assert result.code == 0 and " is 0.0005" in result.out


@pytest.mark.parametrize("where", ["--pliant", "PLIANT_COMMAND", "PATH"])
def test_no_command(checkpoint, fails, tmp_path, monkeypatch, where):
    """Noticed before anything is converted."""
    monkeypatch.delenv("PLIANT_COMMAND", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ["--verify"]
    if where == "--pliant":
        arguments += ["--pliant", "/nowhere/pliant"]
    elif where == "PLIANT_COMMAND":
        monkeypatch.setenv("PLIANT_COMMAND", "/nowhere/pliant")
    message = fails(checkpoint, *arguments)
    assert f"(from {where}) is no program" in message
