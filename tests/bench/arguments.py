#!/usr/bin/env python3
"""The command line of `./dev bench-peers`, and what each peer needs from PyPI.

As a command it checks its arguments and prints the packages to install, one a line; `./dev` calls it so,
before anything is built.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, NoReturn

USAGE = 2

# To write the peers' model files, and to compare and time.
TOOLS = ("numpy==2.4.6", "onnx==1.23.2")
# Ourselves take images as everybody does (NCHW). `pliant-nhwc` gets and gives a layer's values in the order
# that our layers have between them, so that no copy at its border counts.
OURS = ("pliant", "pliant-nhwc")
PEERS: dict[str, tuple[str, ...]] = {
    "onnxruntime": ("onnxruntime==1.32.0",),
    "openvino": ("openvino==2026.4.1",),
    "ncnn": ("ncnn==1.0.20261020",),
    "torch": ("torch==2.15.0", "torchvision==0.29.2"),  # gigabytes: only where it is asked for
}
USUAL = ("pliant", "onnxruntime", "openvino", "ncnn")
MODELS = ("r18", "r50", "mobile", "ppocr", "tiny")
LAYERS = (
    "deform-128@92x160",
    "deform-256@46x80",
    "deform-512@23x40",
    "neck-256-64@184x320",
    "conv3x3-64@184x320",
    "conv3x3-128@92x160",
    "conv3x3-256@46x80",
    "conv3x3-512@23x40",
    "conv1x1-256@46x80",
)
DESCRIPTION = """\
Times networks with deformable convolutions in Pliant and in other runtimes, interleaved, on the same cores,
with the same weights and input, after comparing the outputs. Leaves report.json, report.md and chart.svg in
build/peers.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"dev: error: bench-peers: {message}", file=sys.stderr)
        sys.exit(USAGE)


@dataclass
class Size:
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"


def _size(text: str) -> Size:
    match = re.fullmatch(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})", text)
    sides = [int(side) for side in match.groups()] if match else []
    if not sides or any(side % 32 for side in sides):
        raise argparse.ArgumentTypeError(f"'{text}' is not HEIGHTxWIDTH in multiples of 32")
    return Size(*sides)


def _names(known: Sequence[str], what: str) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = list(dict.fromkeys(text.split(",")))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no {what} '{name}'; there are {', '.join(known)}")
        return names

    return parse


def _count(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,6}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} to {high}")
        return int(text)

    return parse


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Exits with 2 and one line where the arguments are wrong."""
    parser = _Parser(prog="./dev bench-peers", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "--size", type=_size, nargs="+", default=[Size(640, 640), Size(736, 1280)], metavar="HxW",
        help="sizes of the networks' input (default: 640x640 736x1280)",
    )
    parser.add_argument(
        "--models", type=_names(MODELS, "model"), default=["r18", "r50"], metavar="NAMES",
        help="networks, with commas between them: r18, r50, mobile, ppocr or tiny (default: r18,r50)",
    )
    parser.add_argument(
        "--layers", type=_names(LAYERS, "layer"), nargs="?", const=list(LAYERS), metavar="NAMES",
        help="single layers instead of networks: all of them, or those named",
    )
    parser.add_argument(
        "--peers", type=_names((*OURS, *PEERS), "peer"), metavar="NAMES",
        help=f"who takes part: {', '.join((*OURS, *PEERS))} (default: {','.join(USUAL)})",
    )
    parser.add_argument("--threads", type=_count(1, 256), default=2, metavar="N", help="default: 2")
    parser.add_argument(
        "--rounds", type=_count(1, 100_000), default=50, metavar="N", help="timed runs of everybody (50)"
    )
    parser.add_argument("--warmup", type=_count(0, 1000), default=10, metavar="N", help="runs before (10)")
    parser.add_argument(
        "--starts", type=_count(1, 100), default=5, metavar="N", help="starts of everybody for load times (5)"
    )
    result = parser.parse_args(arguments)
    if result.peers is None:
        result.peers = [*USUAL[:1], "pliant-nhwc", *USUAL[1:]] if result.layers else list(USUAL)
    if not result.layers and "pliant-nhwc" in result.peers:
        parser.error("--peers: pliant-nhwc is for --layers; an image comes in one order")
    return result


def packages(peers: Sequence[str]) -> list[str]:
    """Pinned requirements for pip."""
    return [*TOOLS, *(package for peer in peers for package in PEERS.get(peer, ()))]


if __name__ == "__main__":
    print("\n".join(packages(parse(sys.argv[1:]).peers)))
