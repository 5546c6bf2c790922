"""`./dev bench-scaling`'s program on small pictures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

MODEL = Path(__file__).resolve().parents[2] / "models" / "db" / "weights" / "slim-db.pliant"


def run(pliant_bin: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [pliant_bin / "bench_scaling", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_prints_threads_sessions_and_sizes(pliant_bin: Path) -> None:
    small = ("--side", "64", "--sides", "32,96", "--rounds", "2")
    result = run(pliant_bin, str(MODEL), *small, "--threads", "3")
    assert result.returncode == 0, result.stderr
    threads, sessions, sizes = result.stdout.split("\n\n")
    assert [line.split()[0] for line in threads.splitlines()[2:]] == ["1", "2", "3"]
    assert threads.splitlines()[2].split()[2] == "1.00"
    one, together, ratio = (float(n) for n in re.findall(r"(?::|ratio) (\d+\.\d+)", sessions))
    assert one > 0 and together > 0 and ratio > 0
    assert [line.split()[0] for line in sizes.splitlines()[2:4]] == ["32", "96"]
    assert "the best size is" in sizes


def test_says_what_is_wrong(pliant_bin: Path) -> None:
    assert run(pliant_bin, str(MODEL), "--threads", "0").returncode != 0
    missing = run(pliant_bin, "missing.pliant")
    assert missing.returncode == 1 and "missing.pliant" in missing.stderr
