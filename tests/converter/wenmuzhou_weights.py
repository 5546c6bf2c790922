"""Lively weights for checkpoints of WenmuZhou/DBNet.pytorch, made from a seed key by key, by NumPy alone.

What random weights cannot know, the scale of activations, comes from the golden file: a mean and a variance
for each BatchNorm, and a factor and a shift for the last layer, so that probabilities are far from 0 and 1.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

LAST_LAYER = "binarize.6."
# The last norm of a residual branch; undamped branches would let rounding errors grow from block to block.
RESIDUAL_END = re.compile(r"backbone\.(layer\d\.\d+\.bn3|stages\.\d\.\d+\.conv2\.bn)\.")
RESIDUAL_END_OF_BASIC = re.compile(r"backbone\.layer\d\.\d+\.bn2\.")
FIXED_OFFSET_STD, VARYING_OFFSET_STD = 2.0, 0.2  # pixels


def fill(
    key: str, shape: tuple[int, ...], seed: int, bottleneck: bool, facts: Mapping[str, Any]
) -> np.ndarray:
    """The values of one key. `facts`: {"norms": {norm: (mean, variance)}, "last": (factor, shift)}."""
    random = np.random.RandomState((zlib.crc32(key.encode()) + seed) % 2**32)
    layer, _, kind = key.rpartition(".")
    if kind == "num_batches_tracked":
        return np.int64(7)
    values = random.standard_normal(shape)
    end = RESIDUAL_END.match(key) or (not bottleneck and RESIDUAL_END_OF_BASIC.match(key))
    damping = 0.3 if end else 1.0
    mean, variance = facts["norms"].get(layer, (0.0, 1.0))
    if kind == "running_mean":
        values = mean + 0.3 * variance**0.5 * values
    elif kind == "running_var":
        values = variance * (1 + 0.3 * np.tanh(values))
    elif layer.endswith("conv2_offset"):
        if kind == "weight":
            values *= VARYING_OFFSET_STD * (2 / np.prod(shape[1:])) ** 0.5
        else:
            values *= FIXED_OFFSET_STD
            values[random.randint(shape[0])] += 17.25  # far outside of a small map
    elif kind == "bias":
        values *= 0.1
        if LAST_LAYER in key:
            values = values * facts["last"][0] + facts["last"][1]
        values *= damping
    elif len(shape) == 1:
        values = (1 + 0.4 * np.tanh(values)) * damping
    else:
        values *= (2 / np.prod(shape[1:])) ** 0.5
        if LAST_LAYER in key and "thresh" not in key:
            values *= facts["last"][0]
    return values.astype(np.float32)


def state_dict(layout: Mapping[str, list[int]], seed: int, facts: Mapping[str, Any]) -> OrderedDict:
    """Weights for every key of `layout` ({key: shape})."""
    bottleneck = any(key.endswith(".conv3.weight") for key in layout)
    return OrderedDict(
        (key, torch.from_numpy(np.array(fill(key, tuple(shape), seed, bottleneck, facts))))
        for key, shape in layout.items()
    )


def pixels(pictures: np.ndarray) -> torch.Tensor:
    """uint8[N,3,H,W] in RGB as that project's ToTensor and Normalize leave it."""
    mean = np.float32([0.485, 0.456, 0.406]).reshape(3, 1, 1)
    std = np.float32([0.229, 0.224, 0.225]).reshape(3, 1, 1)
    return torch.from_numpy((pictures.astype(np.float32) / np.float32(255) - mean) / std)


class Golden:
    """One golden file: the project's real keys, the seed, and what its code gave for the shared pictures."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.about = json.loads(file["about"].tobytes())
            self.outputs = {name: file[name] for name in file.files if name != "about"}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {key: tuple(shape) for key, shape in self.about["layout"].items()}

    def state_dict(self) -> OrderedDict:
        return state_dict(self.about["layout"], self.about["seed"], self.about["facts"])


def thinned(x: np.ndarray) -> np.ndarray:
    """Every third row and column: what the golden files keep of a map."""
    return np.ascontiguousarray(x[:, :, ::3, ::3])
