"""Makes the random weights of the goldens in tests/golden/paddle again.

Every key has its own numpy.random.RandomState, so the weights depend neither on PyTorch nor on the order of
keys. What keeps a network lively (no dead and no saturated layers) is in the golden: a mean and a standard
deviation for each BatchNorm's input, and the scale and shift of the last layer. The files are those of
mhliao_weights.Golden.
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict

import numpy as np
import torch
from mhliao_weights import RESIDUAL_SCALE, norm, offsets

HEAD = "head.binarize.conv3"  # the last layer before the sigmoid
VARYING_OFFSET_STD = 0.2  # pixels


def weights(
    shapes: dict[str, tuple[int, ...]], seed: int, statistics: dict[str, tuple[float, float]]
) -> OrderedDict[str, torch.Tensor]:
    """The state dict with exactly these keys; `statistics` are (mean, std) by the name of each BatchNorm."""
    state: OrderedDict[str, torch.Tensor] = OrderedDict()
    for key, shape in shapes.items():
        random = np.random.RandomState([seed, zlib.crc32(key.encode())])
        stem, _, kind = key.rpartition(".")
        if kind == "num_batches_tracked":
            state[key] = torch.tensor(1000)
            continue
        if f"{stem}.running_mean" in shapes:
            values = norm(random, kind, shape, statistics.get(stem, (0.0, 1.0)), damping(stem, shapes))
        elif stem.endswith(".conv_offset"):
            values = offsets(random, kind, shape, VARYING_OFFSET_STD)
        elif stem == HEAD:
            scale, shift = statistics.get(stem, (1.0, 0.0))
            values = random.normal(0, scale, shape) if kind == "weight" else np.full(shape, shift)
        elif kind == "bias":
            values = random.normal(0, 0.1, shape)
        elif kind == "scale":  # one number for a whole layer
            values = random.uniform(0.6, 1.0, shape)
        else:
            transposed = re.fullmatch(r"head\.\w+\.conv[23]", stem)
            fan_in = shape[0] if transposed else np.prod(shape[1:])
            values = random.normal(0, np.sqrt(2 / fan_in), shape)
        state[key] = torch.from_numpy(np.asarray(values, np.float32))
    return state


def damping(stem: str, shapes: dict[str, tuple[int, ...]]) -> float:
    """Of the last BatchNorm of a residual block, so that what it adds is less than what it is added to."""
    block, _, norm_name = stem.partition(".conv")
    if norm_name == "1._batch_norm":
        return 1.0 if f"{block}.conv2._batch_norm.weight" in shapes else RESIDUAL_SCALE
    return RESIDUAL_SCALE if norm_name == "2._batch_norm" or stem.endswith(".linear_conv.bn") else 1.0
