"""The check of the files finds what it must find."""

from __future__ import annotations

from pathlib import Path

import check_files
import pytest


@pytest.mark.parametrize(
    "name, data, finding",
    [
        ("a.md", b"text \n", "1: trailing whitespace"),
        ("a.md", b"text\r\n", "1: carriage return"),
        ("a.md", b"text", "the last line needs a newline"),
        ("a.md", b"text\n\n", "empty lines at the end"),
        ("a.md", b"<<<<<<< HEAD\n", "1: conflict marker"),
        ("a.md", b"caf\xe9\n", "text files are UTF-8"),
        ("a.cpp", b"int x;\n" * 451, "451 lines; split what is more than one idea (450 is the limit)"),
        ("a.bin", bytes((4 << 20) + 1), "4.0 MiB; 4 MiB is the limit"),
        ("model_generated.h", b"\n", "generated code is made by the build, not committed"),
    ],
)
def test_a_finding(tmp_path: Path, name: str, data: bytes, finding: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert finding in check_files.findings(tmp_path / name)


@pytest.mark.parametrize(
    "name, data",
    [("a.md", b"text\n"), ("a.md", b""), ("a.bin", b"\0 \n\r\n"), ("a.pliant", b"\0" * (7 << 20)),
     ("a.md", b"a line\n" * 451)],
)
def test_a_clean_file(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert check_files.findings(tmp_path / name) == []
