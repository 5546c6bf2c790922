"""Lively weights for MMOCR's keys from a seed, by NumPy alone, so that they are the same everywhere.

Lively: most probabilities are far from 0 and 1, offsets reach a few pixels with some far outliers, mask
logits spread around zero. Residual branches are damped, or rounding errors would grow from block to block.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

RESIDUAL_SCALE = 0.3
FIXED_OFFSET_STD = 2.0  # pixels: most of an offset is the tap's own
VARYING_OFFSET_STD = 0.15
Shapes = Mapping[str, tuple[int, ...]]


def weights(shapes: Shapes, seed: int, logits: tuple[float, float] = (1.0, 0.0)) -> dict[str, np.ndarray]:
    """An array for every key, drawn in the order of the sorted keys.

    `logits` are what the last layer's weight is multiplied with and its bias, for lively probabilities.
    """
    random = np.random.RandomState(seed)
    made = {}
    for key in sorted(shapes):
        array = _draw(random, key, shapes)
        if key.endswith("binarize.6.weight"):
            array = array * logits[0]
        elif key.endswith("binarize.6.bias"):
            array = np.full(shapes[key], logits[1])
        made[key] = array.astype(np.int64 if key.endswith("num_batches_tracked") else np.float32)
    return made


def _draw(random: np.random.RandomState, key: str, shapes: Shapes) -> np.ndarray:
    shape, (path, _, kind) = shapes[key], key.rpartition(".")
    if kind == "num_batches_tracked":
        return np.full(shape, 7)
    if kind == "running_mean":
        return random.normal(0.0, 0.2, shape)
    if kind == "running_var":
        return random.uniform(0.6, 1.6, shape)
    if f"{path}.running_var" in shapes:
        block, _, name = path.rpartition(".")
        last = name == "bn3" or (name == "bn2" and f"{block}.bn3.weight" not in shapes)
        damping = RESIDUAL_SCALE if last and ".layer" in key else 1.0
        return damping * (
            random.uniform(0.6, 1.4, shape) if kind == "weight" else random.normal(0, 0.2, shape)
        )
    if "conv_offset" in path:
        return _offsets(random, kind, shape)
    if kind == "bias":
        return random.normal(0.0, 0.1, shape)
    transposed = "binarize" in path and path[-1] in "36"
    fan_in = shape[0] if transposed else int(np.prod(shape[1:]))
    return random.normal(0.0, np.sqrt(2.0 / fan_in), shape)


def _offsets(random: np.random.RandomState, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Weight or bias of an offset convolution: 18 channels a group, or 27 with the mask's behind them all."""
    offsets = shape[0] if shape[0] % 27 else shape[0] * 2 // 3
    array = random.normal(0.0, 1.0, shape)
    if kind == "weight":
        array /= np.sqrt(np.prod(shape[1:]))
        array[:offsets] *= VARYING_OFFSET_STD
    else:
        array[:offsets] *= FIXED_OFFSET_STD
        array[random.permutation(offsets)[:2]] += (17.25, -31.5)
    return array
