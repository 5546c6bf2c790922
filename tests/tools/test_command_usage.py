"""Help texts, wrong command lines, exit codes, standard streams."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_support import Pliant, assert_error

SUBCOMMANDS = ["detect", "boxes", "run", "inspect", "bench", "devices"]


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    np.save(tmp_path / "map.npy", np.zeros((32, 32), np.float32))
    return tmp_path / "map.npy"


def test_help_names_every_subcommand(pliant: Pliant) -> None:
    result = pliant("--help")
    assert result.returncode == 0 and result.stderr == b""
    for subcommand in SUBCOMMANDS:
        assert re.search(rf"^  {subcommand} ", result.stdout.decode(), re.MULTILINE)
    assert b"Example: pliant " in result.stdout


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_each_subcommand_has_help_with_an_example(pliant: Pliant, subcommand: str) -> None:
    result = pliant(subcommand, "--help")
    assert result.returncode == 0 and result.stderr == b""
    text = result.stdout.decode()
    assert f"Usage: pliant {subcommand} " in text
    assert f"Example: pliant {subcommand}" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    assert pliant("help", subcommand).stdout == result.stdout


def test_version(pliant: Pliant) -> None:
    result = pliant("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"pliant \d+\.\d+\.\d+ \(reads model format \d+\)\n", result.stdout.decode())


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "subcommand is missing"),
        (["detekt"], "no subcommand 'detekt'"),
        (["--verbose"], "no option '--verbose'"),
        (["help", "detekt"], "no subcommand 'detekt'"),
        (["detect"], "MODEL is required"),
        (["detect", "m.pliant"], "PICTURE is required"),
        (["detect", "m.pliant", "a.png", "--frobnicate"], "--frobnicate"),
        (["detect", "m.pliant", "a.png", "--format", "xml"], "json, jsonl, icdar, tsv"),
        (["detect", "m.pliant", "a.png", "--threads", "0"], "from 1 to 1024"),
        (["detect", "m.pliant", "a.png", "--threads", "-1"], "'-1'"),
        (["detect", "m.pliant", "a.png", "--threads", "two"], "'two'"),
        (["detect", "m.pliant", "a.png", "--threads", "2x"], "'2x'"),
        (["detect", "m.pliant", "a.png", "--threads", "99999999999999999999"], "--threads"),
        (["detect", "m.pliant", "a.png", "--threads"], "--threads"),
        (["detect", "m.pliant", "a.png", "--thresh", "1.5"], "from 0 to 1"),
        (["detect", "m.pliant", "a.png", "--thresh", "nan"], "'nan'"),
        (["detect", "m.pliant", "a.png", "--box-thresh", "0,5"], "'0,5'"),
        (["detect", "m.pliant", "a.png", "--max-side", "-5"], "--max-side"),
        (["detect", "m.pliant", "a.png", "--device", "gpu"], "auto, cpu, cuda"),
        (["detect", "m.pliant", "a.png", "--device", "cuda:x"], "'x'"),
        (["detect", "m.pliant", "-", "-"], "only once"),
        (["boxes"], "MAP is required"),
        (["boxes", "map.npy", "--source-size", "640"], "HEIGHTxWIDTH"),
        (["boxes", "map.npy", "--source-size", "0x640"], "HEIGHTxWIDTH"),
        (["boxes", "map.npy", "--source-size", "640x480x3"], "HEIGHTxWIDTH"),
        (["run", "m.pliant"], "--input is required"),
        (["run", "m.pliant", "--input", "x.npy"], "--output is required"),
        (["run", "--input", "x.npy", "--output", "y.npy", "m.pliant"], "MODEL is missing"),
        (["inspect", "m.pliant", "--batch", "0"], "--batch"),
        (["bench", "m.pliant", "--runs", "0"], "--runs"),
        (["devices", "extra"], "extra"),
    ],
)
def test_wrong_command_line(pliant: Pliant, arguments: list[str], part: str) -> None:
    result = pliant(*arguments)
    assert_error(result, 2, part, "--help')")
    assert result.stdout == b""


def test_unknown_instruction_set_is_a_usage_error(pliant: Pliant, pair_model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 2, 4, 4), np.float32))
    files = ["--input", tmp_path / "x.npy", tmp_path / "x.npy", "--output", tmp_path / "y.npy"]
    assert_error(pliant("run", pair_model, *files, "--target", "mmx"), 2, "mmx")


def test_work_that_fails_is_not_a_usage_error(pliant: Pliant, tmp_path: Path) -> None:
    assert_error(pliant("inspect", tmp_path / "absent.pliant"), 1, "absent.pliant", "No such file")


def test_control_characters_do_not_reach_the_terminal(pliant: Pliant) -> None:
    result = pliant("boxes", "a\x1b[31m\nb.npy")
    assert_error(result, 1, r"a\x1b[31m\x0ab.npy")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["devices"], ["run", "--help"], ["boxes", "MAP"]]
)
def test_full_standard_output(pliant: Pliant, map_file: Path, arguments: list[str]) -> None:
    words = [str(map_file) if word == "MAP" else word for word in arguments]
    with open("/dev/full", "wb") as full:
        result = pliant(*words, stdout=full)
    assert_error(result, 1, "standard output", "No space left on device")


def test_closed_standard_output(pliant: Pliant, map_file: Path, tmp_path: Path) -> None:
    result = pliant("boxes", map_file, preexec_fn=lambda: os.close(1))
    assert_error(result, 1, "standard output", "Bad file descriptor")
    # The next file that is opened would take the closed descriptor's number.
    target = tmp_path / "regions.json"
    result = pliant("boxes", map_file, "--output", target, preexec_fn=lambda: os.close(1))
    assert result.returncode == 0 and target.read_bytes().startswith(b'{"picture"')


def test_reader_that_went_away(pliant_command: Path, map_file: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [str(pliant_command), "boxes", str(map_file)],
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert_error(result, 1, "Broken pipe")


def test_devices_lists_the_cpu(pliant: Pliant) -> None:
    result = pliant("devices")
    assert result.returncode == 0
    assert re.search(r"^cpu\s+yes\s", result.stdout.decode(), re.MULTILINE)
