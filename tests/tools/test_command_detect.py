"""pliant detect: formats, lists of pictures, failures of single pictures, overlays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable

import pytest
from command_support import Pliant, assert_error


@pytest.fixture
def folder(tmp_path: Path, make_picture: Callable[..., Path]) -> Path:
    """pictures/{a,b,c}.ppm with 1, 2, 3 bars, one of a kind elsewhere, and things that are no pictures."""
    (tmp_path / "pictures" / "below").mkdir(parents=True)
    for bars, name in enumerate("abc", start=1):
        make_picture(tmp_path / "pictures" / f"{name}.ppm", bars)
    make_picture(tmp_path / "pictures" / "below" / "a.ppm", 2)
    make_picture(tmp_path / "pictures" / ".hidden.ppm")
    (tmp_path / "pictures" / "notes.txt").write_text("not a picture")
    (tmp_path / "bad.png").write_text("not a picture either")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_one_picture_is_one_object(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    result = pliant("detect", bright_model, "pictures/b.ppm", cwd=folder)
    assert (result.returncode, result.stderr) == (0, b"")
    document = json.loads(result.stdout)
    assert set(document) == {"picture", "width", "height", "regions", "times_ms"}
    assert (document["picture"], document["width"], document["height"]) == ("pictures/b.ppm", 96, 64)
    assert set(document["times_ms"]) == {"decode", "preprocess", "network", "postprocess"}
    assert len(document["regions"]) == 2
    for region in document["regions"]:
        assert len(region["points"]) == 4 and 0.9 < region["score"] <= 1
        xs, ys = zip(*region["points"])
        # Around the bar, which is 40 x 10 pixels: larger by what unclipping adds, not by more.
        assert 10 <= min(xs) <= 20 and 59 <= max(xs) <= 70
        assert 10 <= max(ys) - min(ys) <= 24


def test_a_folder_is_a_sorted_list(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    result = pliant("detect", bright_model, "pictures", cwd=folder)
    assert (result.returncode, result.stderr) == (0, b"")
    documents = json.loads(result.stdout)
    assert [d["picture"] for d in documents] == [f"pictures/{name}.ppm" for name in "abc"]
    assert [len(d["regions"]) for d in documents] == [1, 2, 3]
    result = pliant("detect", bright_model, "pictures", "--recursive", cwd=folder)
    assert [d["picture"] for d in json.loads(result.stdout)][3:] == ["pictures/c.ppm"]
    assert "pictures/below/a.ppm" in result.stdout.decode()


def test_jsonl_has_a_line_for_each_picture(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    result = pliant("detect", bright_model, "pictures", "--format", "jsonl", cwd=folder)
    lines = result.stdout.decode().splitlines()
    assert [len(json.loads(line)["regions"]) for line in lines] == [1, 2, 3]


def test_tsv_is_a_table(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    result = pliant(
        "detect", bright_model, "pictures", "--format", "tsv", "--output", "regions.tsv", cwd=folder
    )
    assert (result.returncode, result.stdout) == (0, b"")
    rows = [line.split("\t") for line in (folder / "regions.tsv").read_text().splitlines()]
    assert rows[0] == ["picture", "width", "height", "region", "score", "points"]
    assert [(row[0], row[3]) for row in rows[1:]] == [
        ("pictures/a.ppm", "1"),
        ("pictures/b.ppm", "1"),
        ("pictures/b.ppm", "2"),
        ("pictures/c.ppm", "1"),
        ("pictures/c.ppm", "2"),
        ("pictures/c.ppm", "3"),
    ]
    assert all(len(point.split(",")) == 2 for row in rows[1:] for point in row[5].split(" "))


def test_icdar_agrees_with_json(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    regions = json.loads(pliant("detect", bright_model, "pictures/b.ppm", cwd=folder).stdout)["regions"]
    text = pliant("detect", bright_model, "pictures/b.ppm", "--format", "icdar", cwd=folder).stdout.decode()
    lines = [line.split(",") for line in text.splitlines()]
    assert [[int(n) for n in line[:8]] for line in lines] == [sum(r["points"], []) for r in regions]
    assert [float(line[8]) for line in lines] == [r["score"] for r in regions]


def test_icdar_of_several_pictures_is_a_folder(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    arguments = ["detect", bright_model, "pictures", "pictures/below/a.ppm", "--format", "icdar"]
    assert_error(pliant(*arguments, cwd=folder), 2, "--output FOLDER")
    assert pliant(*arguments, "--output", "new/results", cwd=folder).returncode == 0
    results = folder / "new" / "results"
    assert sorted(os.listdir(results)) == ["res_a-2.txt", "res_a.txt", "res_b.txt", "res_c.txt"]
    assert len((results / "res_a-2.txt").read_text().splitlines()) == 2


def test_a_bad_picture_does_not_stop_the_others(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    pictures = ["pictures/a.ppm", "bad.png", "absent.png", "pictures/b.ppm"]
    result = pliant("detect", bright_model, *pictures, "--output", "r.json", cwd=folder)
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 2 and "bad.png" in lines[0] and "absent.png" in lines[1]
    assert all(line.startswith("pliant: error: ") and line.count(".png") == 1 for line in lines)
    documents = json.loads((folder / "r.json").read_text())
    assert [d["picture"] for d in documents] == ["pictures/a.ppm", "pictures/b.ppm"]


def test_a_single_bad_picture_writes_nothing(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    (folder / "r.json").write_text("of an earlier run")
    assert_error(pliant("detect", bright_model, "bad.png", "--output", "r.json", cwd=folder), 1, "bad.png")
    assert (folder / "r.json").read_text() == "of an earlier run"


def test_a_folder_without_pictures(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    result = pliant("detect", bright_model, "empty", cwd=folder)
    assert_error(result, 1, "empty", "no pictures")
    assert json.loads(result.stdout) == []


def test_standard_input(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    content = (folder / "pictures" / "c.ppm").read_bytes()
    document = json.loads(pliant("detect", bright_model, "-", input=content).stdout)
    assert document["picture"] == "-" and len(document["regions"]) == 3
    assert_error(pliant("detect", bright_model, "-", input=b"no picture"), 1, "standard input")


def test_names_that_are_not_utf8(
    pliant: Pliant, bright_model: Path, tmp_path: Path, make_picture: Callable[..., Path]
) -> None:
    make_picture(tmp_path / "ok.ppm")
    name = b"caf\xe9\t\xe6\x96\x87.ppm"
    os.rename(tmp_path / "ok.ppm", os.path.join(os.fsencode(tmp_path), name))
    result = pliant("detect", bright_model, name, "--draw", "overlays", cwd=tmp_path)
    assert json.loads(result.stdout.decode("utf-8"))["picture"] == "caf\ufffd\t文.ppm"
    assert os.listdir(os.fsencode(tmp_path / "overlays")) == [b"caf\xe9\t\xe6\x96\x87.png"]
    table = pliant("detect", bright_model, name, "--format", "tsv", cwd=tmp_path).stdout
    assert table.splitlines()[1].startswith(b"caf\xe9\\t\xe6\x96\x87.ppm\t96\t64\t1\t")


def test_names_that_look_like_something_else(
    pliant: Pliant, bright_model: Path, tmp_path: Path, make_picture: Callable[..., Path]
) -> None:
    for name in ("[a,b]", "run"):
        (tmp_path / name).mkdir()
        make_picture(tmp_path / name / "x.ppm")
    make_picture(tmp_path / "--polygons")
    result = pliant("detect", bright_model, "[a,b]", "run", "--", "--polygons", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)) == 3


def test_overlays(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    arguments = ["detect", bright_model, "pictures", "pictures/below/a.ppm", "--draw", "over/lays"]
    assert pliant(*arguments, cwd=folder).returncode == 0
    overlays = folder / "over" / "lays"
    assert sorted(os.listdir(overlays)) == ["a-2.png", "a.png", "b.png", "c.png"]
    for path in overlays.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_overlays_never_replace_a_picture(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    assert pliant("detect", bright_model, "pictures/a.ppm", "--draw", "pictures", cwd=folder).returncode == 0
    original = (folder / "pictures" / "a.png").read_bytes()
    assert pliant("detect", bright_model, "pictures/a.png", "--draw", "pictures", cwd=folder).returncode == 0
    assert (folder / "pictures" / "a.png").read_bytes() == original
    assert (folder / "pictures" / "a-2.png").is_file()


def test_output_never_replaces_an_input(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    pictures = ["pictures/a.ppm", "pictures/b.ppm"]
    result = pliant("detect", bright_model, *pictures, "--output", "./pictures/b.ppm", cwd=folder)
    assert_error(result, 2, "would overwrite pictures/b.ppm")


def test_options_reach_the_detector(pliant: Pliant, bright_model: Path, folder: Path) -> None:
    def regions(*options: str) -> list:
        result = pliant("detect", bright_model, "pictures/c.ppm", *options, cwd=folder)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["regions"]

    def height(region: dict) -> float:
        ys = [point[1] for point in region["points"]]
        return max(ys) - min(ys)

    usual = regions()
    assert regions("--thresh", "0.9999") == []
    assert regions("--box-thresh", "1") == []
    assert len(regions("--max-candidates", "2")) == 2
    assert height(regions("--unclip-ratio", "0.5")[0]) < height(usual[0])
    assert any(len(region["points"]) != 4 for region in regions("--polygons"))
    assert regions("--threads", "1") == usual
    assert_error(
        pliant("detect", bright_model, "pictures/c.ppm", "--max-pixels", "100", cwd=folder), 1, "c.ppm"
    )


def test_a_model_that_is_no_detector(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    result = pliant("detect", pair_model, "pictures/a.ppm", cwd=folder)
    assert result.returncode == 1 and result.stdout == b""


@pytest.mark.parametrize("output", ["/dev/full", "absent/r.json", "empty"])
def test_unwritable_output(pliant: Pliant, bright_model: Path, folder: Path, output: str) -> None:
    result = pliant("detect", bright_model, "pictures/a.ppm", "--output", output, cwd=folder)
    assert_error(result, 1, f"cannot write {output}")
