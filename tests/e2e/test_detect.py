"""`pliant detect` with the shipped model against the same pipeline in Python (OpenCV, PyTorch, pyclipper)."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import box_reference
import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "converter"))
import reference  # noqa: E402

MODEL = ROOT / "models" / "db" / "weights" / "slim-db.pliant"
PICTURES = sorted((ROOT / "examples" / "pictures").glob("*.jpg"))
MEAN = np.array([122.67891434, 116.66876762, 104.00698793])


def network_input(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """As MhLiao/DB's demo.py prepares a picture."""
    height, width = pixels.shape[:2]
    if height < width:
        size = (int(math.ceil(short_side / height * width / 32) * 32), short_side)
    else:
        size = (short_side, int(math.ceil(short_side / width * height / 32) * 32))
    x = cv2.resize(pixels.astype("float32"), size)
    x -= MEAN
    x /= 255.0
    return x.transpose(2, 0, 1)[None]


def detect(command: Path, *arguments: object) -> dict:
    done = subprocess.run(
        [str(command), "detect", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def probability_maps() -> dict:
    """(picture, short side) -> pixels and the reference's probability map; a picture costs a second."""
    return {}


@pytest.mark.parametrize("kind", ["quads", "polygons"])
@pytest.mark.parametrize("picture", PICTURES, ids=lambda p: p.stem)
def test_same_regions_as_the_python_pipeline(picture, kind, probability_maps, pliant_command, tmp_path):
    lossless = tmp_path / f"{picture.stem}.png"  # the JPEG decoders differ by some grey levels
    if picture not in probability_maps:
        pixels = cv2.imread(str(picture))
        with torch.no_grad():
            outputs = reference.ReferenceModel(MODEL.read_bytes()).run(
                torch.from_numpy(network_input(pixels, 736))
            )
        probability_maps[picture] = pixels, outputs["binary"].numpy()[0, 0]
    pixels, probability = probability_maps[picture]
    cv2.imwrite(str(lossless), pixels)
    parameters = box_reference.Parameters(box_thresh=0.4, unclip_ratio=2.0 if kind == "polygons" else 1.5)
    expected = getattr(box_reference, kind)(probability, pixels.shape[:2], parameters)
    options = ["--polygons"] if kind == "polygons" else []
    actual = detect(pliant_command, MODEL, lossless, "--format", "json", *options)
    assert (actual["height"], actual["width"]) == pixels.shape[:2]
    assert len(actual["regions"]) == len(expected) > 5
    for region, (points, score) in zip(actual["regions"], expected):
        assert abs(region["score"] - score) < 1e-4
        # A probability within rounding of the threshold may move an outline by a pixel of the map.
        ours = np.array(region["points"])
        assert ours.shape == points.shape
        assert np.abs(ours - points).max() <= 2


def test_overlays_appear_and_pictures_stay(pliant_command, tmp_path):
    before = PICTURES[0].read_bytes()
    detect(pliant_command, MODEL, PICTURES[0], "--draw", tmp_path / "overlays", "--threads", 1)
    overlay = cv2.imread(str(tmp_path / "overlays" / f"{PICTURES[0].stem}.png"))
    assert overlay.shape == cv2.imread(str(PICTURES[0])).shape
    assert PICTURES[0].read_bytes() == before


@pytest.mark.parametrize("target", ["scalar", "sse4", "avx2", "avx512"])
def test_every_instruction_set_finds_the_same(target, pliant_command, tmp_path):
    small = tmp_path / "small.png"
    cv2.imwrite(
        str(small),
        cv2.resize(cv2.imread(str(PICTURES[1])), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA),
    )
    best = detect(pliant_command, MODEL, small, "--short-side", 320)
    command = [
        str(pliant_command),
        "detect",
        str(MODEL),
        str(small),
        "--short-side",
        "320",
        "--target",
        target,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "this machine" in done.stderr:
        pytest.skip(f"this machine has no {target}")
    assert done.returncode == 0, done.stderr
    regions = json.loads(done.stdout)["regions"]
    assert len(regions) == len(best["regions"]) > 3
    for a, b in zip(regions, best["regions"]):
        assert np.abs(np.array(a["points"]) - np.array(b["points"])).max() <= 2
