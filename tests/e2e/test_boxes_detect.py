"""`pliant detect` as a whole: a model file with a project's processing gives that project's regions.

The network is one convolution that finds bright pixels, so that everything around it decides. The pictures'
sizes make every resize rule do something, padding included.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import box_maps
import box_reference_projects as reference
import cv2
import numpy as np
import pytest
import test_pictures_projects as projects
import torch
from box_reference import Parameters
from harness import write_model
from pliant_convert import writer
from pliant_convert.ir import InputSpec
from pliant_convert.models.db.processing import ImagePreprocess, TextPostprocess
from pliant_convert.trace import trace
from torch import nn

SIZES = [(300, 523), (523, 300), (211, 211), (1000, 640)]
IMAGENET_MEAN = tuple(255 * m for m in projects.IMAGENET[0])
IMAGENET_STD = tuple(projects.IMAGENET[1])


def mmocr(arithmetic: str = "centre_single") -> ImagePreprocess:
    return ImagePreprocess(
        mean=tuple(projects.MMOCR_MEAN), std=tuple(projects.MMOCR_STD), scale=1.0, channel_order="rgb",
        resize_pixel_type="uint8", resize_rule="keep_ratio_pad", short_side=320, long_side=500,
        arithmetic=arithmetic)


# The processing of the file, and what the project's script makes of a picture.
CASES = {
    "mmocr": (mmocr(), lambda x: projects.mmocr(x, (500, 320), projects.MMOCR_MEAN)),
    "mmocr_0x": (mmocr(), lambda x: projects.mmocr_0x(x, (500, 320), projects.MMOCR_MEAN)),
    "wenmuzhou": (
        ImagePreprocess(mean=IMAGENET_MEAN, std=IMAGENET_STD, channel_order="rgb", resize_pixel_type="uint8",
                        resize_rule="short_side_round", short_side=300, arithmetic="scale_single"),
        lambda x: projects.wenmuzhou(x, 300)),
    "paddle": (
        ImagePreprocess(mean=IMAGENET_MEAN, std=IMAGENET_STD, resize_pixel_type="uint8", long_side=500,
                        resize_rule="limit_side_round", arithmetic="factor_single"),
        lambda x: projects.paddle(x, 500, "max", *projects.IMAGENET)),
    "easyocr": (
        ImagePreprocess(mean=tuple(projects.BGR_MEAN), channel_order="rgb", resize_pixel_type="uint8",
                        short_side=320, arithmetic="double_once"),
        lambda x: projects.easyocr(x, 320)),
}


class Bright(nn.Module):
    """Probability from the sum of the normalised channels."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        gain = 8 / (high - low)
        with torch.no_grad():
            self.conv.weight.fill_(gain / 27)
            self.conv.bias.fill_(-gain * (low + high) / 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.conv(image))


def picture(size: tuple[int, int]) -> np.ndarray:
    """Bright bars in a dark picture, with colours that tell bgr from rgb."""
    ink = box_maps.rectangles(*size, seed=size[0] + 3, count=14)
    colour = np.array([0.9, 1.0, 0.7], np.float32)
    return np.clip(255 * ink[:, :, None] * colour, 0, 255).astype(np.uint8)


def write(path: Path, network: nn.Module, pre: ImagePreprocess, post: TextPostprocess) -> Path:
    graph = trace(network.eval(), [InputSpec("image", (-1, 3, -1, -1))], ["binary"])
    path.write_bytes(writer.model_bytes(graph, "bright", pre, post, writer.Provenance("test", "", "", "")))
    return path


def detect(command: Path, *arguments: object) -> list[dict]:
    done = subprocess.run([str(command), "detect", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)["regions"]


@pytest.mark.parametrize("polygons", [False, True], ids=["quads", "polygons"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("rule", CASES)
def test_detect(
    pliant_command: Path, tmp_path: Path, rule: str, size: tuple[int, int], polygons: bool
) -> None:
    if rule == "paddle" and polygons:
        pytest.skip("the project finds no polygons")
    pre, prepare = CASES[rule]
    parameters: Parameters = replace(reference.usual(rule), box_thresh=0.4)
    post = TextPostprocess(
        rule=rule, thresh=parameters.thresh, box_thresh=parameters.box_thresh,
        unclip_ratio=parameters.unclip_ratio, polygon_unclip_ratio=parameters.unclip_ratio,
        polygon_epsilon=parameters.polygon_epsilon,
        max_candidates=0 if rule == "easyocr" else parameters.max_candidates)

    pixels = picture(size)
    image = np.ascontiguousarray(prepare(pixels).transpose(2, 0, 1))[None]
    network = Bright(float(image.mean(1).min()), float(image.mean(1).max()))
    with torch.no_grad():
        probability = network(torch.from_numpy(image))[0, 0].numpy()
    shown = projects.mmocr_size(*size, (500, 320)) if rule.startswith("mmocr") else None
    expected = reference.find(rule, polygons, probability, size, parameters, shown)
    assert expected, "nothing to compare"

    cv2.imwrite(str(tmp_path / "picture.png"), pixels)
    model = write(tmp_path / "bright.pliant", network, pre, post)
    regions = detect(pliant_command, model, tmp_path / "picture.png", *["--polygons"] * polygons)
    assert [region["points"] for region in regions] == [points.tolist() for points, _ in expected]
    assert np.allclose([r["score"] for r in regions], [s for _, s in expected], rtol=0, atol=1e-5)


def test_short_side_replaces_a_limit_of_the_long_side(pliant_command: Path, tmp_path: Path) -> None:
    """PaddleOCR's rule looks at one of both; --short-side is never without effect."""
    pre, _ = CASES["paddle"]
    post = TextPostprocess(rule="paddle", box_thresh=0.4)
    model = write(tmp_path / "bright.pliant", Bright(-2, 2), pre, post)
    cv2.imwrite(str(tmp_path / "picture.png"), picture((300, 523)))
    regions = detect(pliant_command, model, tmp_path / "picture.png", "--short-side", 640)
    image = projects.paddle(picture((300, 523)), 640, "min", *projects.IMAGENET).transpose(2, 0, 1)[None]
    with torch.no_grad():
        probability = Bright(-2, 2)(torch.from_numpy(np.ascontiguousarray(image)))[0, 0].numpy()
    expected = reference.find("paddle", False, probability, (300, 523), Parameters(box_thresh=0.4))
    assert expected
    assert [region["points"] for region in regions] == [points.tolist() for points, _ in expected]


def test_inspect_tells_the_processing(pliant_command: Path, tmp_path: Path) -> None:
    post = TextPostprocess(rule="mmocr_0x", box_thresh=0.3, max_candidates=0, dilate=True, score_outline=True)
    model = write(tmp_path / "bright.pliant", Bright(-2, 2), mmocr(), post)
    command = [str(pliant_command), "inspect", str(model)]
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, check=True).stdout)
    assert told["preprocess"]["resize_rule"] == "keep_ratio_pad"
    assert told["preprocess"]["long_side"] == 500
    assert told["preprocess"]["arithmetic"] == "centre_single"
    assert told["postprocess"]["rule"] == "mmocr_0x"
    assert told["postprocess"]["dilate"] is True and told["postprocess"]["score_outline"] is True
    assert told["weight_dtype"] == "float32"
    assert told["plan"]["layers"][0]["details"] == "3x3 p1, sigmoid"
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    for words in ("short side 320, long side 500 at most, padded to multiples of 32", "as mmocr_0x does",
                  "any number of candidates", "dilated", "scored inside the outline", "as float32", "3x3 p1"):
        assert words in text, words


class FlatRead(nn.Module):
    """A deformable convolution whose offset map is larger than its output."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(4, 2, 3, 3)), None
        self.stride, self.padding, self.dilation = (2, 2), (1, 1), (1, 1)
        self.offset_read = "flat_prefix"

    def forward(self, x: torch.Tensor, offset: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("a leaf: the converter knows such modules by their attributes")


class FlatNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = FlatRead()

    def forward(self, x: torch.Tensor, offset: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.conv(x, offset, mask)


def test_inspect_tells_the_offset_mode(pliant_command: Path, tmp_path: Path) -> None:
    model = write_model(FlatNetwork(), tmp_path / "flat.pliant", [2, 18, 9])
    command = [str(pliant_command), "inspect", str(model), "--size", "16x16"]
    done = subprocess.run(command, capture_output=True, check=False)
    text = done.stdout.decode()
    assert "3x3 s2 p1, mask, offsets flat_prefix" in text, text + done.stderr.decode()
    assert "1 convolution, 1 reads its offsets as flat_prefix" in text
