"""Building the package takes schema and recipes along and leaves nothing generated in the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """What a build needs of the repository, so that the test leaves no build folder in the real one."""
    import shutil

    for part in ("converter", "schema", "models/db"):
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "weights", "train")
        shutil.copytree(REPOSITORY / part, tmp_path / "copy" / part, ignore=ignored)
    return tmp_path / "copy"


def build(copy, output, **environment):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "-w",
        output,
    ]
    return subprocess.run(
        [*map(str, command), str(copy / "converter")],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
    )


def test_wheel(copy, tmp_path):
    before = {p.relative_to(copy) for p in copy.rglob("*") if p.is_file()}
    result = build(copy, tmp_path / "out")
    assert result.returncode == 0, result.stderr
    (wheel,) = (tmp_path / "out").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "pliant_convert/schema/Model.py" in names
    assert "pliant_convert/models/db/architecture.py" in names
    assert not [name for name in names if name.startswith(("pliant/", "tests/"))]
    after = {p.relative_to(copy) for p in copy.rglob("*") if p.is_file()}
    left = [p for p in after - before if p.parts[:2] != ("converter", "build") and "egg-info" not in str(p)]
    assert left == []

    # What was deleted since the last build is not in the next.
    (copy / "models" / "db" / "later.py").write_text("")
    assert build(copy, tmp_path / "second").returncode == 0
    (copy / "models" / "db" / "later.py").unlink()
    assert build(copy, tmp_path / "third").returncode == 0
    for folder, expected in (("second", True), ("third", False)):
        (wheel,) = (tmp_path / folder).glob("*.whl")
        assert ("pliant_convert/models/db/later.py" in zipfile.ZipFile(wheel).namelist()) == expected


def test_missing_flatc(copy, tmp_path):
    result = build(copy, tmp_path / "out", PATH=str(tmp_path))
    assert result.returncode != 0
    lines = [line.strip() for line in result.stderr.splitlines() if "pliant-convert's build: error:" in line]
    assert len(lines) == 1 and "'flatc'" in lines[0] and "flatbuffers-compiler" in lines[0]


def test_broken_schema(copy, tmp_path):
    (copy / "schema" / "model.fbs").write_text("namespace pliant.schema;\ntable {")
    result = build(copy, tmp_path / "out")
    assert result.returncode != 0 and "pliant-convert's build: error: flatc failed" in result.stderr
