"""The configuration that WenmuZhou/DBNet.pytorch saves beside the weights, as far as its predict.py heeds it.

Facts are of its commit e03acf0: base/base_trainer.py (what is saved), tools/predict.py, post_processing/,
config/*.yaml. predict.py takes the order of channels from `img_mode`, the numbers of `Normalize` among the
training transforms, and the arguments of `post_processing`; the size it is told on the command line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional

from .processing import ImagePreprocess, TextPostprocess
from .recipe import UnknownLayout

# The greatest values that a file may have.
LIMITS = {"thresh": 1, "box_thresh": 1, "unclip_ratio": 100, "max_candidates": 1 << 24}


def adapted(
    content: Any, preprocess: ImagePreprocess, postprocess: TextPostprocess
) -> tuple[ImagePreprocess, TextPostprocess]:
    """The given values with those of the checkpoint's own configuration in their place.

    A file without a configuration changes nothing; one that makes no sense raises UnknownLayout.
    """
    config = _at(content, "config")
    if config is None:
        return preprocess, postprocess
    data = _at(config, "dataset", "train", "dataset", "args")
    after = _at(config, "post_processing", "args")
    return _preprocess(data, preprocess), _postprocess(after, postprocess)


def _at(content: Any, *path: str) -> Any:
    """content[...][...], None where there is no such place."""
    for name in path:
        if not isinstance(content, Mapping):
            return None
        content = content.get(name)
    return content


def _preprocess(data: Any, usual: ImagePreprocess) -> ImagePreprocess:
    mode, transforms = _at(data, "img_mode"), _at(data, "transforms")
    if mode == "GRAY":
        raise UnknownLayout("its configuration says img_mode GRAY, and networks are given three channels")
    # Whatever is neither RGB nor GRAY stays as OpenCV reads it; the project itself spells that BRG.
    order = usual.channel_order if not isinstance(mode, str) else "rgb" if mode == "RGB" else "bgr"
    if not isinstance(transforms, (list, tuple)):
        return replace(usual, channel_order=order)
    norms = [item for item in transforms if _at(item, "type") == "Normalize"]
    if len(norms) > 1:
        raise UnknownLayout(f"its configuration normalises {len(norms)} times, expected once at most")
    if not norms:
        return replace(usual, channel_order=order, mean=(0.0, 0.0, 0.0), std=None)
    mean = _three(_at(norms[0], "args", "mean"), "mean")
    std = _three(_at(norms[0], "args", "std"), "std")
    if 0.0 in std:
        raise UnknownLayout("its configuration divides by a std of 0")
    # There the mean is subtracted after pixels were divided by 255.
    pixels = tuple(usual.scale * value for value in mean)
    return replace(usual, channel_order=order, mean=pixels, std=std)


def _three(values: Any, what: str) -> tuple[float, ...]:
    numbers = [_number(value) for value in values] if isinstance(values, (list, tuple)) else []
    if len(numbers) != 3 or None in numbers:
        raise UnknownLayout(f"its configuration's {what} of Normalize is not a list of three numbers")
    return tuple(numbers)


def _number(value: Any) -> Optional[float]:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if plain and abs(value) < 1e6 and math.isfinite(value) else None


def _postprocess(after: Any, usual: TextPostprocess) -> TextPostprocess:
    """Its one unclip ratio is that of quads and of polygons."""
    changes: dict[str, Any] = {}
    for name, most in LIMITS.items():
        value = _at(after, name)
        if value is None:
            continue
        number, whole = _number(value), name == "max_candidates"
        if number is None or not int(whole) <= number <= most or (whole and type(value) is not int):
            raise UnknownLayout(
                f"its configuration's {name} is no {'whole ' * whole}number from {int(whole)} to {most}"
            )
        changes[name] = value if whole else number
    if "unclip_ratio" in changes:
        changes["polygon_unclip_ratio"] = changes["unclip_ratio"]
    return replace(usual, **changes)
