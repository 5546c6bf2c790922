"""pliant boxes: formats and options. Whether the boxes are right is tested elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_support import Pliant, assert_error


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    array = np.zeros((64, 96), np.float32)
    array[10:20, 10:60] = 0.9
    array[40:50, 10:60] = 0.75
    np.save(tmp_path / "map.npy", array)
    return tmp_path


def regions(pliant: Pliant, folder: Path, *options: str) -> list:
    result = pliant("boxes", "map.npy", *options, cwd=folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["regions"]


def test_json(pliant: Pliant, folder: Path) -> None:
    result = pliant("boxes", "map.npy", "--source-size", "128x288", "--format", "json", cwd=folder)
    document = json.loads(result.stdout)
    assert set(document) == {"picture", "width", "height", "regions"}
    assert (document["picture"], document["width"], document["height"]) == ("map.npy", 288, 128)
    assert sorted(round(region["score"], 3) for region in document["regions"]) == [0.75, 0.9]
    points = np.array([region["points"] for region in document["regions"]])
    assert points[..., 0].min() < 3 * 10 and points[..., 0].max() > 3 * 59  # in pixels of the source
    small = np.array([region["points"] for region in regions(pliant, folder)])
    np.testing.assert_allclose(points, small * [3, 2], atol=3)


def test_options(pliant: Pliant, folder: Path) -> None:
    assert len(regions(pliant, folder)) == 2
    assert len(regions(pliant, folder, "--box-thresh", "0.8")) == 1
    assert len(regions(pliant, folder, "--thresh", "0.8")) == 1
    assert len(regions(pliant, folder, "--max-candidates", "1")) == 1
    assert regions(pliant, folder, "--min-size", "30") == []
    # A ratio too small to add the two pixels that boxes need after unclipping
    assert regions(pliant, folder, "--min-size", "9", "--unclip-ratio", "0") == []
    assert regions(pliant, folder, "--polygons") != regions(pliant, folder)
    wide = regions(pliant, folder, "--polygons", "--unclip-ratio", "3")
    assert wide != regions(pliant, folder, "--polygons")


def test_other_formats(pliant: Pliant, folder: Path) -> None:
    expected = regions(pliant, folder)
    line = pliant("boxes", "map.npy", "--format", "jsonl", cwd=folder).stdout.decode()
    assert line.count("\n") == 1 and json.loads(line)["regions"] == expected
    icdar = pliant("boxes", "map.npy", "--format", "icdar", cwd=folder).stdout.decode().splitlines()
    assert [[int(n) for n in row.split(",")[:-1]] for row in icdar] == [
        sum(r["points"], []) for r in expected
    ]
    table = pliant("boxes", "map.npy", "--format", "tsv", cwd=folder).stdout.decode().splitlines()
    assert (
        len(table) == 3 and table[0].startswith("picture\t") and table[1].startswith("map.npy\t96\t64\t1\t")
    )


def test_output(pliant: Pliant, folder: Path) -> None:
    result = pliant("boxes", "map.npy", "--output", "r.json", cwd=folder)
    assert (result.returncode, result.stdout) == (0, b"")
    assert json.loads((folder / "r.json").read_text())["regions"] == regions(pliant, folder)
    (folder / "results").mkdir()
    assert pliant("boxes", "map.npy", "--format", "icdar", "--output", "results", cwd=folder).returncode == 0
    assert len((folder / "results" / "res_map.txt").read_text().splitlines()) == 2
    assert_error(
        pliant("boxes", "map.npy", "--output", "/dev/full", cwd=folder), 1, "No space left on device"
    )
    assert_error(pliant("boxes", "map.npy", "--output", "results", cwd=folder), 1, "it is a folder")
