"""The network's input as the other projects' own scripts prepare it, bit by bit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import picture_files as files
import pytest
from test_pictures import MEAN, MEAN_OPTIONS, preprocess

Prepare = Callable[[np.ndarray], np.ndarray]
SIZES = [(720, 1280), (1280, 720), (500, 500), (49, 49), (1, 1), (3, 200), (200, 3), (736, 1100), (370, 641),
         (97, 1031), (1024, 999), (1500, 1601), (1008, 48), (33, 1008)]


def single(values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)


def mmocr_size(height: int, width: int, scale: tuple[int, int]) -> tuple[int, int]:
    factor = min(max(scale) / max(height, width), min(scale) / min(height, width))
    return max(1, int(height * float(factor) + 0.5)), max(1, int(width * float(factor) + 0.5))


def padded(image: np.ndarray) -> np.ndarray:
    below, right = -image.shape[0] % 32, -image.shape[1] % 32
    return np.pad(image, ((0, below), (0, right), (0, 0)))


def mmocr(pixels: np.ndarray, scale: tuple[int, int], mean: list[float]) -> np.ndarray:
    """Version 1: the data preprocessor computes in float32 tensors."""
    height, width = mmocr_size(*pixels.shape[:2], scale)
    image = cv2.resize(pixels, (width, height))[:, :, ::-1].astype(np.float32)
    return padded((image - single(mean)) / single([58.395, 57.12, 57.375]))


def mmocr_0x(pixels: np.ndarray, scale: tuple[int, int], mean: list[float]) -> np.ndarray:
    """Version 0 multiplies by 1 / std in double, which gives the same numbers for every 8-bit pixel."""
    height, width = mmocr_size(*pixels.shape[:2], scale)
    image = np.ascontiguousarray(cv2.resize(pixels, (width, height))[:, :, ::-1]).astype(np.float32)
    inverse = 1 / single([58.395, 57.12, 57.375]).astype(np.float64)
    return padded(((image - single(mean)) * inverse).astype(np.float32))


def wenmuzhou(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """torchvision's ToTensor and Normalize of the resized RGB picture."""
    height, width = pixels.shape[:2]
    if height < width:
        new_height, new_width = short_side, short_side / height * width
    else:
        new_height, new_width = short_side / width * height, short_side
    size = (int(round(new_width / 32) * 32), int(round(new_height / 32) * 32))
    image = cv2.resize(pixels[:, :, ::-1], size).astype(np.float32) / np.float32(255)
    return (image - single([0.485, 0.456, 0.406])) / single([0.229, 0.224, 0.225])


def paddle(pixels: np.ndarray, limit: int, kind: str, mean: list[float], std: list[float]) -> np.ndarray:
    height, width = pixels.shape[:2]
    ratio = 1.0
    if kind == "max" and max(height, width) > limit:
        ratio = float(limit) / max(height, width)
    if kind == "min" and min(height, width) < limit:
        ratio = float(limit) / min(height, width)
    sides = [max(int(round(int(side * ratio) / 32) * 32), 32) for side in (width, height)]
    image = cv2.resize(pixels, tuple(sides)).astype(np.float32)
    return (image * np.float32(1.0 / 255.0) - single(mean)) / single(std)


def easyocr(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """Its Reader: RGB pixels minus a mean that is in BGR, in doubles."""
    height, width = pixels.shape[:2]
    short = int(math.ceil(short_side / 32) * 32)
    if height < width:
        size = (int(math.ceil(short / height * width / 32) * 32), short)
    else:
        size = (short, int(math.ceil(short / width * height / 32) * 32))
    return ((cv2.resize(pixels[:, :, ::-1], size) - MEAN) / 255.0).astype(np.float32)


def channels(mean: list[float], std: list[float]) -> dict[str, str]:
    named = [("mean", mean), ("std", std)]
    return {f"{name}{i}": repr(value) for name, values in named for i, value in enumerate(values)}


IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
MMOCR_MEAN, MMOCR_STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
BGR_MEAN = [float(x) for x in MEAN]
PLUSPLUS = [0.48109378172549, 0.45752457890196, 0.40787054090196]
UINT8 = {"pixels": "uint8"}
MMOCR = {**UINT8, "order": "rgb", "scale": 1, "rule": "keep_ratio_pad"}
PADDLE = {**UINT8, "rule": "limit_side_round", "arithmetic": "factor_single"}

CASES: dict[str, tuple[Prepare, dict[str, object]]] = {
    "mmocr": (
        lambda x: mmocr(x, (1333, 736), MMOCR_MEAN),
        {**MMOCR, **channels(MMOCR_MEAN, MMOCR_STD), "long_side": 1333, "arithmetic": "centre_single"}),
    "mmocr-r50": (
        lambda x: mmocr(x, (4068, 1024), MMOCR_MEAN),
        {**MMOCR, **channels(MMOCR_MEAN, MMOCR_STD), "short_side": 1024, "long_side": 4068,
         "arithmetic": "centre_single"}),
    "mmocr-0x": (
        lambda x: mmocr_0x(x, (1333, 736), MMOCR_MEAN),
        {**MMOCR, **channels(MMOCR_MEAN, MMOCR_STD), "long_side": 1333, "arithmetic": "centre_single"}),
    "mmocr-0x-r50": (
        lambda x: mmocr_0x(x, (4068, 1024), BGR_MEAN),
        {**MMOCR, **channels(BGR_MEAN, MMOCR_STD), "short_side": 1024, "long_side": 4068,
         "arithmetic": "centre_single"}),
    "wenmuzhou": (
        lambda x: wenmuzhou(x, 1024),
        {**UINT8, **channels([255 * m for m in IMAGENET[0]], IMAGENET[1]), "order": "rgb", "short_side": 1024,
         "rule": "short_side_round", "arithmetic": "scale_single"}),
    "paddle-max": (
        lambda x: paddle(x, 960, "max", *IMAGENET),
        {**PADDLE, **channels([255 * m for m in IMAGENET[0]], IMAGENET[1]), "long_side": 960}),
    "paddle-min": (
        lambda x: paddle(x, 736, "min", *IMAGENET),
        {**PADDLE, **channels([255 * m for m in IMAGENET[0]], IMAGENET[1])}),
    "paddle-plusplus": (
        lambda x: paddle(x, 960, "max", PLUSPLUS, [1.0, 1.0, 1.0]),
        {**PADDLE, **channels([255 * m for m in PLUSPLUS], [1.0, 1.0, 1.0]), "long_side": 960}),
    "easyocr": (
        lambda x: easyocr(x, 640),
        {**UINT8, **MEAN_OPTIONS, "order": "rgb", "short_side": 640, "arithmetic": "double_once"}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_input_is_bit_identical(
    pliant_bin: Path, tmp_path: Path, size: tuple[int, int], name: str
) -> None:
    if max(size) > 30 * min(size) and "paddle-max" not in name and name not in ("mmocr", "mmocr-0x"):
        pytest.skip("becomes too long to be quick")
    prepare, options = CASES[name]
    pixels = files.noise(*size, seed=size[0])
    ours = preprocess(pliant_bin, tmp_path, pixels, **options)
    assert np.array_equal(ours, prepare(pixels).transpose(2, 0, 1))
