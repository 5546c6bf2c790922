"""What a recipe is: one row of the table of checkpoints that are known, and tools to read sizes from weights.

A project's file in this folder (mhliao.py, ...) makes its rows; checkpoints.py puts them together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from .processing import ImagePreprocess, TextPostprocess

Shapes = Mapping[str, tuple[int, ...]]
# No published network comes near; a damaged file must not make us allocate without bound.
MAX_WIDTH = 4096
MAX_DEPTH = 100


class UnknownLayout(Exception):
    """The keys do not say what a recipe has to know; the message says which."""


@dataclass(frozen=True)
class Recipe:
    """How a checkpoint is recognised and what its network, input and output are.

    Where two projects share keys, `matches` looks at shapes and companions as well; a tie is the user's to
    decide with --arch.
    """

    name: str
    source: str  # project and commit that the facts are of
    summary: str
    preprocess: ImagePreprocess
    postprocess: TextPostprocess
    # True where keys and shapes are of this layout; whether they are complete and well shaped is not asked.
    matches: Callable[[Shapes], bool]
    # The sizes of the network, read from the weights: an object with describe(). Raises UnknownLayout.
    configure: Callable[[Shapes], Any]
    # The network, an nn.Module whose state_dict has the checkpoint's keys (after `rename`).
    build: Callable[[Any], Any]
    usual: Any = None  # the configuration of the published network
    tiny: Any = None  # the same with a tiny width: for its keys alone
    training_only: tuple[str, ...] = ()  # regular expressions of keys that inference does not need
    rename: Callable[[str], str] = field(default=lambda key: key)  # a key of the file -> a key of the module
    # (the file, pre-, post-processing) -> those that the file itself asks for. Raises UnknownLayout.
    adapt: Callable[[Any, ImagePreprocess, TextPostprocess], tuple[ImagePreprocess, TextPostprocess]] = field(
        default=lambda content, preprocess, postprocess: (preprocess, postprocess)
    )
    input_name: str = "image"
    output_name: str = "binary"
    input_multiple_of: int = 32
    offset_mode: str = ""  # for people: how deformable convolutions read their offsets

    def skeleton(self) -> Any:
        """The network at its usual depth and a tiny width: for its keys alone."""
        return self.build(self.tiny)

    def is_training_only(self, key: str) -> bool:
        return any(re.match(pattern, key) for pattern in self.training_only)


def check_depths(
    found: tuple[int, ...], usual: tuple[int, ...], known: Mapping[str, tuple[int, ...]]
) -> None:
    """Raises UnknownLayout where these are exactly the blocks of another network; `known` are all by name."""
    other = next((name for name, depths in known.items() if depths == found != usual), None)
    if other is not None:
        raise UnknownLayout(f"it has {'-'.join(map(str, found))} blocks, which is {other}")


def width(shapes: Shapes, what: str, witnesses: Iterable[str], first: str) -> int:
    """The most common size of axis 0 among the keys: one misshapen weight must not decide the width."""
    sizes = [shapes[key][0] for key in (first, *witnesses) if shapes.get(key)]
    if not sizes:
        raise UnknownLayout(f"key '{first}' is missing")
    common = Counter(sizes).most_common(1)[0][0]
    if not 1 <= common <= MAX_WIDTH:
        raise UnknownLayout(f"its {what} has {common} channels by '{first}', expected 1 to {MAX_WIDTH}")
    return common


def depth(shapes: Shapes, stage: str) -> int:
    """How many blocks `stage`0., `stage`1., ... there are."""
    found = {
        int(m.group(1)) for m in (re.match(re.escape(stage) + r"(\d{1,6})\.", key) for key in shapes) if m
    }
    if not found:
        raise UnknownLayout(f"it has no keys '{stage}...'")
    if max(found) >= MAX_DEPTH:
        raise UnknownLayout(f"it has a block '{stage}{max(found)}', expected fewer than {MAX_DEPTH} blocks")
    return max(found) + 1
