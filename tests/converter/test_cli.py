"""The command: help, exit codes, errors on one line of standard error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import seeded
from pliant_convert import __version__
from pliant_convert.models import RECIPES


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "weights.pth"
    seeded.save(seeded.state_dict(seeded.module("resnet18", 4, width=8, neck=16)), path)
    return path


def test_help_and_version(convert):
    result = convert("--help")
    assert result.code == 0 and result.err == ""
    for word in (
        "CHECKPOINT",
        "--output",
        "--arch",
        "--list-archs",
        "--verify",
        "--box-thresh",
        "examples:",
        "exit codes",
    ):
        assert word in result.out
    assert convert("--version").out == f"pliant-convert {__version__}\n"


def test_list_of_architectures(convert):
    result = convert("--list-archs")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == [recipe.name for recipe in RECIPES]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "CHECKPOINT"),
        (["x.pth"], "-o"),
        (["x.pth", "-o"], "expected one argument"),
        (["x.pth", "-o", "y", "--nonsense"], "--nonsense"),
        (["x.pth", "-o", "y", "z"], "z"),
        (["x.pth", "-o", "y", "--arch", "vgg"], "--list-archs"),
        (["x.pth", "-o", "y", "--arch", "deformable-resnet50"], "near are deformable_resnet50"),
        (["x.pth", "-o", "y", "--box-thresh", "1.5"], "--box-thresh"),
        (["x.pth", "-o", "y", "--thresh", "nan"], "--thresh"),
        (["x.pth", "-o", "y", "--unclip-ratio", "-1"], "--unclip-ratio"),
        (["x.pth", "-o", "y", "--short-side", "700"], "multiple of 32"),
        (["x.pth", "-o", "y", "--short-side", "many"], "--short-side"),
        (["x.pth", "-o", "y", "--short-side", "32800"], "32 to 32768"),
        (["x.pth", "-o", "/dev/full", "--verify"], "--verify"),
    ],
)
def test_wrong_usage(convert, arguments, word):
    result = convert(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("pliant-convert: error: ") and result.err.count("\n") == 1
    assert word in result.err


def test_success(convert, checkpoint, tmp_path):
    result = convert(checkpoint, "-o", tmp_path / "x.pliant", "--arch", "resnet18")
    assert result.code == 0 and result.err == ""
    assert result.out.startswith(f"{tmp_path / 'x.pliant'}: resnet18 (blocks 2-2-2-2, width 8, neck 16), 0.")
    assert [p.name for p in tmp_path.iterdir()] == ["x.pliant"]


def test_full_disk(convert, checkpoint):
    result = convert(checkpoint, "-o", "/dev/full")
    assert (result.code, result.out) == (1, "")
    assert (
        result.err == "pliant-convert: error: output '/dev/full' cannot be written: No space left on device\n"
    )


def test_unwritable_output(convert, checkpoint, tmp_path):
    result = convert(checkpoint, "-o", tmp_path / "no" / "x.pliant")
    assert result.code == 1 and "No such file or directory" in result.err


def test_the_checkpoint_is_not_overwritten(convert, checkpoint, tmp_path):
    before = checkpoint.read_bytes()
    (tmp_path / "link").symlink_to(checkpoint)
    for output in (checkpoint, tmp_path / "link"):
        result = convert(checkpoint, "-o", output)
        assert result.code == 1 and "is the checkpoint itself" in result.err
    assert checkpoint.read_bytes() == before


def test_installed_command(checkpoint, tmp_path):
    def run(*arguments):
        return subprocess.run(list(map(str, arguments)), cwd=tmp_path, capture_output=True, text=True)

    command = Path(sys.executable).with_name("pliant-convert")
    good = run(command, checkpoint, "-o", "x.pliant")
    assert (good.returncode, good.stderr) == (0, "")
    bad = run(command, "none.pth", "-o", "y.pliant")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == "pliant-convert: error: checkpoint 'none.pth' does not exist\n"
    assert os.listdir(tmp_path) == ["x.pliant"]
    assert (
        run(sys.executable, "-m", "pliant_convert", "--version").stdout == f"pliant-convert {__version__}\n"
    )


def test_help_needs_no_torch():
    code = (
        "import sys, pliant_convert.cli as cli; cli.main(['--list-archs']); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


def test_output_that_nobody_reads(checkpoint):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pliant_convert", str(checkpoint), "--dry-run"]
    result = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert result.returncode == 1
    assert result.stderr == "pliant-convert: error: nobody reads the standard output any more\n"
