"""Makes the random weights of the goldens in tests/golden/mhliao and tests/golden/easyocr again.

Every key has its own numpy.random.RandomState, so the weights depend neither on PyTorch nor on the order of
keys. What keeps a network lively (no dead and no saturated layers) is in the golden: a mean and a standard
deviation for each BatchNorm's input, and the scale and shift of the last layer.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

HEAD = "decoder.binarize.6"  # the last layer before the sigmoid
RESIDUAL_SCALE = 0.3  # without it rounding errors grow from block to block
FIXED_OFFSET_STD = 2.0  # pixels
VARYING_OFFSET_STD = {"basic": 0.5, "bottleneck": 0.2}
OUTLIERS = (17.25, -31.5)  # pixels; outside of small maps
EVERY = 3  # every third row and column of the outputs is kept; the networks' own periods are powers of two
TOLERANCE = 1e-4  # of probabilities and of logits


class Golden(NamedTuple):
    """One case: `shapes` are of the project's own state dict, `outputs` of the pictures in their order."""

    seed: int
    shapes: dict[str, tuple[int, ...]]
    statistics: dict[str, tuple[float, float]]
    outputs: list[tuple[np.ndarray, np.ndarray]]  # (probability, logits), [N,1,ceil(H/3),ceil(W/3)]


def load(path: Path) -> Golden:
    with np.load(path) as file:
        keys = [str(key) for key in file["keys"]]
        shapes = {key: tuple(int(n) for n in row if n >= 0) for key, row in zip(keys, file["shapes"])}
        names = [str(name) for name in file["norms"]]
        statistics = {name: (float(a), float(b)) for name, (a, b) in zip(names, file["statistics"])}
        count = sum(name.startswith("logits") for name in file.files)
        outputs = [(file[f"probability{i}"], file[f"logits{i}"]) for i in range(count)]
        return Golden(int(file["seed"]), shapes, statistics, outputs)


def pictures(path: Path) -> list[torch.Tensor]:
    """The inputs, from bytes to about -0.5 to 0.5."""
    with np.load(path) as file:
        return [torch.from_numpy(file[name].astype(np.float32)) / 255 - 0.5 for name in sorted(file.files)]


def assert_equals_golden(actual: Mapping[str, torch.Tensor], expected: tuple[np.ndarray, np.ndarray]) -> None:
    """`actual` are a network's outputs 'binary' and 'logits' in full, `expected` one of Golden.outputs."""
    assert ((expected[0] > 0.05) & (expected[0] < 0.95)).mean() >= 0.3, "the golden is saturated"
    for name, reference in zip(("binary", "logits"), expected):
        found = actual[name][:, :, ::EVERY, ::EVERY].numpy()
        assert found.shape == reference.shape
        assert np.abs(found - reference).max() <= TOLERANCE, name


def weights(
    shapes: dict[str, tuple[int, ...]], seed: int, statistics: dict[str, tuple[float, float]]
) -> OrderedDict[str, torch.Tensor]:
    """The state dict with exactly these keys; `statistics` are (mean, std) by the name of each BatchNorm."""
    bottleneck = any(key.endswith(".conv3.weight") for key in shapes)
    state: OrderedDict[str, torch.Tensor] = OrderedDict()
    for key, shape in shapes.items():
        random = np.random.RandomState([seed, zlib.crc32(key.encode())])
        stem, _, kind = key.rpartition(".")
        if kind == "num_batches_tracked":
            state[key] = torch.tensor(1000)
            continue
        if f"{stem}.running_mean" in shapes:
            values = norm(random, kind, shape, statistics.get(stem, (0.0, 1.0)), _damping(stem, bottleneck))
        elif stem.endswith(".conv2_offset"):
            varying = VARYING_OFFSET_STD["bottleneck" if bottleneck else "basic"]
            values = offsets(random, kind, shape, varying)
        elif stem.endswith(HEAD):
            scale, shift = statistics.get(stem, (1.0, 0.0))
            values = random.normal(0, scale, shape) if kind == "weight" else np.full(shape, shift)
        elif kind == "bias":
            values = random.normal(0, 0.1, shape)
        else:
            transposed = stem.endswith("decoder.binarize.3")
            fan_in = shape[0] if transposed else np.prod(shape[1:])
            values = random.normal(0, np.sqrt(2 / fan_in), shape)
        state[key] = torch.from_numpy(np.asarray(values, np.float32))
    return state


def _damping(stem: str, bottleneck: bool) -> float:
    """Of the last BatchNorm of a residual block."""
    return RESIDUAL_SCALE if stem.endswith(".bn3" if bottleneck else ".bn2") else 1.0


def norm(
    random: np.random.RandomState,
    kind: str,
    shape: tuple[int, ...],
    statistics: tuple[float, float],
    damping: float,
) -> np.ndarray:
    """Near the statistics of what comes in, so that what goes out is near zero mean and unit deviation."""
    mean, std = statistics
    return {
        "running_mean": lambda: mean + std * random.normal(0, 0.2, shape),
        "running_var": lambda: std * std * random.uniform(0.6, 1.4, shape),
        "weight": lambda: random.uniform(0.6, 1.4, shape) * damping,
        "bias": lambda: random.normal(0, 0.2, shape) * damping,
    }[kind]()


def offsets(random: np.random.RandomState, kind: str, shape: tuple[int, ...], varying: float) -> np.ndarray:
    """Most of an offset is its tap's own; the rest, and most of a mask logit, depends on the picture."""
    masked = shape[0] % 27 == 0
    count = shape[0] // 27 * 18 if masked else shape[0]
    if kind == "bias":
        values = random.normal(0, 0.3, shape)
        values[:count] = random.normal(0, FIXED_OFFSET_STD, count)
        values[random.permutation(count)[: len(OUTLIERS)]] += OUTLIERS
        return values
    values = random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
    values[:count] *= varying
    return values
