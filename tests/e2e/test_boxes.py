"""`pliant boxes` against the reference: the same regions, in the same order, with the same corners."""

import json
import subprocess
from pathlib import Path

import box_maps
import box_reference
import numpy as np
import pytest

MAPS = box_maps.all_maps()


def pliant_boxes(command: Path, folder: Path, probability: np.ndarray, options: list[str]) -> dict:
    file = folder / "map.npy"
    np.save(file, probability)
    done = subprocess.run([str(command), "boxes", str(file), "--format", "json", *options],
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def compare(command: Path, folder: Path, probability: np.ndarray, source: tuple[int, int],
            parameters: box_reference.Parameters, polygons: bool) -> int:
    """Asserts equality and returns how many regions there were."""
    options = ["--source-size", f"{source[0]}x{source[1]}",
               "--thresh", str(parameters.thresh), "--box-thresh", str(parameters.box_thresh),
               "--unclip-ratio", str(parameters.unclip_ratio),
               "--max-candidates", str(parameters.max_candidates)]
    answer = pliant_boxes(command, folder, probability, options + ["--polygons"] * polygons)
    reference = box_reference.polygons if polygons else box_reference.quads
    expected = reference(probability, source, parameters)

    assert (answer["height"], answer["width"]) == source
    assert [region["points"] for region in answer["regions"]] == [points.tolist() for points, _ in expected]
    scores = [region["score"] for region in answer["regions"]]
    assert np.allclose(scores, [score for _, score in expected], rtol=0, atol=1e-6)
    return len(expected)


@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
@pytest.mark.parametrize("name", MAPS)
def test_map(pliant_command: Path, tmp_path: Path, name: str, polygons: bool) -> None:
    probability = MAPS[name]
    height, width = probability.shape
    ratio = 2.0 if polygons else 1.5
    # The picture's own size, another one with another aspect ratio, and lower thresholds.
    compare(pliant_command, tmp_path, probability, (height, width),
            box_reference.Parameters(unclip_ratio=ratio), polygons)
    compare(pliant_command, tmp_path, probability, (height * 3 + 1, width * 2 + 5),
            box_reference.Parameters(box_thresh=0.5, unclip_ratio=ratio), polygons)
    compare(pliant_command, tmp_path, probability, (max(1, height // 2), max(1, width // 3)),
            box_reference.Parameters(thresh=0.2, box_thresh=0.3, unclip_ratio=1.8), polygons)


def test_the_maps_are_worth_comparing() -> None:
    """At least 50 maps, and most of them with regions of both kinds; else equality would say little."""
    parameters = box_reference.Parameters(box_thresh=0.5)
    quads = [len(box_reference.quads(m, m.shape, parameters)) for m in MAPS.values()]
    polygons = [len(box_reference.polygons(m, m.shape, parameters)) for m in MAPS.values()]
    assert len(MAPS) >= 50
    assert sum(n > 0 for n in quads) >= 40 and sum(quads) >= 250
    assert sum(n > 0 for n in polygons) >= 40 and sum(polygons) >= 400


@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_candidates(pliant_command: Path, tmp_path: Path, limit: int, polygons: bool) -> None:
    """The limit counts outlines before any is rejected, as in the original."""
    probability = MAPS["rectangles-9-160x160"]
    parameters = box_reference.Parameters(box_thresh=0.3, max_candidates=limit)
    assert compare(pliant_command, tmp_path, probability, (480, 480), parameters, polygons) <= limit


@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
def test_large_source(pliant_command: Path, tmp_path: Path, polygons: bool) -> None:
    """Coordinates beyond what 16 bits hold stay what they are."""
    probability = MAPS["rectangles-2-352x224"]
    parameters = box_reference.Parameters(box_thresh=0.5)
    assert compare(pliant_command, tmp_path, probability, (100000, 70000), parameters, polygons) > 0


@pytest.mark.parametrize("ratio", [0.0, 0.1, 3.0, 9.5])
@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
def test_unclip_ratio(pliant_command: Path, tmp_path: Path, ratio: float, polygons: bool) -> None:
    parameters = box_reference.Parameters(box_thresh=0.4, unclip_ratio=ratio)
    compare(pliant_command, tmp_path, MAPS["bands-7-352x224"], (200, 300), parameters, polygons)
    compare(pliant_command, tmp_path, MAPS["rectangles-8-184x320"], (200, 300), parameters, polygons)


@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
def test_not_numbers(pliant_command: Path, tmp_path: Path, polygons: bool) -> None:
    """NaN and infinities count as probability 0: no text there, and no NaN in a region's score."""
    probability = MAPS["rectangles-0-184x320"].copy()
    rng = np.random.default_rng(3)
    for value in (np.nan, np.inf, -np.inf):
        probability[rng.random(probability.shape) < 0.005] = value
    options = ["--box-thresh", "0.4"] + ["--polygons"] * polygons
    answer = pliant_boxes(pliant_command, tmp_path, probability, options)
    probability[~np.isfinite(probability)] = 0
    assert answer["regions"] == pliant_boxes(pliant_command, tmp_path, probability, options)["regions"]
    assert answer["regions"]
