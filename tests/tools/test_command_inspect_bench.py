"""pliant inspect and pliant bench."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_support import Pliant, assert_error
from tiny_models import bright_text, write_model


def test_inspect_for_people(pliant: Pliant, bright_model: Path) -> None:
    result = pliant("inspect", bright_model, "--size", "64x96")
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode()
    for part in (
        "bright",
        "by_hand",
        "bright.json",
        "Nx3xHxW, H a multiple of 32",
        "1x3x64x96",
        "1x1x64x96",
        "sigmoid",
    ):
        assert part in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_inspect_says_what_happens_to_pictures_and_boxes(pliant: Pliant, tmp_path: Path) -> None:
    """Rounded for people; a division by one is nothing that happens."""
    content = bright_text()
    mean = [0.48109378172549 * 255, 116.67, 104.0]
    content["preprocess"].update(mean=mean, scale=1.0, std=[58.395, 57.0, 57.0])
    content["postprocess"].update(polygon_unclip_ratio=1.75, polygon_epsilon=0.0125)
    text = pliant("inspect", write_model(tmp_path / "m.pliant", content)).stdout.decode()
    assert "bgr minus (122.679 116.67 104), / (58.395 57 57)\n" in text
    assert "unclip ratio 1.5 (polygons 1.75), outlines simplified by 0.0125, at most" in text
    content["preprocess"].update(scale=255.0, std=[1.0, 1.0, 1.0])
    text = pliant("inspect", write_model(tmp_path / "m.pliant", content)).stdout.decode()
    assert "bgr minus (122.679 116.67 104), / 255\n" in text


def test_inspect_as_json(pliant: Pliant, bright_model: Path) -> None:
    document = json.loads(pliant("inspect", bright_model, "--json", "--size", "64x96", "--batch", "2").stdout)
    assert document["name"] == "bright"
    assert document["parameters"] == 0
    assert document["file_bytes"] == bright_model.stat().st_size
    assert document["provenance"]["recipe"] == "by_hand"
    assert document["preprocess"]["short_side"] == 64
    assert document["postprocess"]["box_thresh"] == 0.6
    assert document["plan"]["inputs"] == [[2, 3, 64, 96]]
    assert document["plan"]["outputs"] == [[2, 1, 64, 96]]
    assert "sigmoid" in {layer["layer"] for layer in document["plan"]["layers"]}
    assert document["plan"]["arena_bytes"] > 0


def test_inspect_chooses_a_size(pliant: Pliant, bright_model: Path, pair_model: Path) -> None:
    # What the model's pictures have; without pre-processing, 640 x 640.
    assert json.loads(pliant("inspect", bright_model, "--json").stdout)["plan"]["inputs"] == [[1, 3, 64, 64]]
    document = json.loads(pliant("inspect", pair_model, "--json").stdout)
    assert document["plan"]["inputs"] == [[1, 2, 640, 640]] * 2
    assert document["preprocess"] is None


def test_sizes_that_do_not_fit(pliant: Pliant, bright_model: Path) -> None:
    assert_error(pliant("inspect", bright_model, "--size", "64x40"), 1, "multiple of 32")
    assert_error(pliant("bench", bright_model, "--size", "64x40"), 1, "multiple of 32")


@pytest.mark.parametrize("content", [b"", b"no model", b"\0" * 100])
def test_files_that_are_no_models(pliant: Pliant, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.pliant").write_bytes(content)
    for subcommand in ("inspect", "bench"):
        assert_error(pliant(subcommand, tmp_path / "m.pliant"), 1, "m.pliant")


def test_bench_as_json(pliant: Pliant, bright_model: Path) -> None:
    result = pliant(
        "bench", bright_model, "--size", "64x96", "--threads", "2", "--runs", "5", "--profile", "--json"
    )
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert 0 < document["min_ms"] <= document["p10_ms"] <= document["median_ms"] <= document["p90_ms"]
    assert document["load_ms"] > 0 and document["first_ms"] > 0
    assert 1 < document["peak_rss_mb"] < 4096
    assert document["inputs"] == [[1, 3, 64, 96]] and document["runs"] == 5 and document["threads"] == 2
    assert "sigmoid" in {layer["layer"] for layer in document["layers"]}
    assert all(layer["ms"] >= layer["min_ms"] >= 0 for layer in document["layers"])
    peak, total = document["fma_peak_gflops"], document["layers_total"]
    assert peak > 0.1
    for key in ("ms", "macs", "bytes"):
        assert total[key] == pytest.approx(sum(layer[key] for layer in document["layers"]), abs=0.01)
    for work in (*document["layers"], total):
        speed, seconds = work["gflops_per_s"], work["ms"] * 1e-3
        assert work["share_of_peak"] == pytest.approx(speed / peak, abs=1e-3)
        if seconds > 1e-5:  # shorter times are rounded too much
            assert speed == pytest.approx(2e-9 * work["macs"] / seconds, rel=0.01, abs=1e-3)
            assert work["gb_per_s"] == pytest.approx(1e-9 * work["bytes"] / seconds, rel=0.01, abs=1e-3)


def test_bench_for_people(pliant: Pliant, bright_model: Path) -> None:
    arguments = ["bench", bright_model, "--size", "32x32", "--runs", "2", "--warmup", "0"]
    text = pliant(*arguments).stdout.decode()
    assert "median" in text and "peak memory" in text and "GB/s" not in text and "FMA peak" not in text
    text = pliant(*arguments, "--profile").stdout.decode()
    assert "GB/s" in text and "of peak" in text and "FMA peak" in text and " total " in text
