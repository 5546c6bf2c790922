"""Makes cases (case.py) of our recipes with lively weights, and of single layers.

Needs PyTorch and the converter.

python make_cases.py FOLDER NAME...   where NAME is r18@640x640 and the like, or a layer's name (arguments.py)
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from arguments import LAYERS
from pliant_convert import api, writer
from pliant_convert.ir import Graph, InputSpec, Weight
from pliant_convert.version import VERSION
from torch import nn
from torchvision.ops import deform_conv2d

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "converter"))

import seeded  # noqa: E402

SEED = 5
# In MhLiao's ResNet-50 the strided blocks read offsets of another size than their output's ("flat_prefix"),
# which no peer can. Here its offset convolutions have the stride, as in other projects' networks: everybody
# computes the same exact network.
NETWORKS = {
    "r18": ("deformable_resnet18", {}),
    "r50": ("deformable_resnet50", {"strided_offsets": True}),
    "tiny": ("deformable_resnet18", {"width": 16, "neck": 32}),
}
# Other recipes, as they are published.
MOBILE = {"mobile": "mobilenet_v3_large", "ppocr": "paddle_lcnet_v3"}
OFFSET_STD = 1.5  # pixels, in the single deformable layers


class DeformableLayer(nn.Module):
    """3x3 with mask, stride 1, padding 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, channels, 3, 3) / math.sqrt(9 * channels))
        self.bias = nn.Parameter(torch.randn(channels) * 0.1)

    def forward(self, x: torch.Tensor, offset: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask)


def network(name: str) -> nn.Module:
    if name in MOBILE:
        return seeded.usual(MOBILE[name], SEED)
    arch, options = NETWORKS[name]
    return seeded.module(arch, SEED, **options)


def network_inputs(height: int, width: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(SEED)
    return {"image": seeded.picture(1, 3, height, width)}


def layer(name: str) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """The layer and its inputs; values as after a ReLU."""
    kind, channels, outputs, height, width = re.fullmatch(
        r"([a-z]+(?:\dx\d)?)-(\d+)(?:-(\d+))?@(\d+)x(\d+)", name
    ).groups()
    channels, height, width = int(channels), int(height), int(width)
    torch.manual_seed(SEED)
    x = torch.randn(1, channels, height, width).relu()
    if kind == "deform":
        offset = torch.randn(1, 18, height, width) * OFFSET_STD
        mask = torch.randn(1, 9, height, width).sigmoid()
        return DeformableLayer(channels).eval(), {"x": x, "offset": offset, "mask": mask}
    size = 1 if kind == "conv1x1" else 3
    made = nn.Conv2d(channels, int(outputs or channels), size, padding=size // 2)
    return nn.Sequential(made).eval(), {"input": x}


def graph_of(module: nn.Module, inputs: dict[str, torch.Tensor], fixed: bool) -> Graph:
    """In the converter's terms; `fixed`: all sizes are these, else height and width are multiples of 32."""
    specs = []
    for name, value in inputs.items():
        free = (-1, value.shape[1], -1, -1) if name == "image" else tuple(value.shape)
        multiple = (1, 1, 32, 32) if name == "image" else ()
        specs.append(InputSpec(name, tuple(value.shape)) if fixed else InputSpec(name, free, multiple))
    graph, _ = api.graph_of(module, specs, ["result"], list(inputs.values()))
    return graph


def macs(graph: Graph) -> int:
    """Multiply-accumulates of all convolutions, computed directly."""
    total = 0
    for node in graph.nodes:
        weight = getattr(node.layer, "weight", None)
        if isinstance(weight, Weight):
            transposed = type(node.layer).__name__ == "ConvTranspose2d"
            places = node.inputs[0] if transposed else node.output
            total += math.prod(places.dims) * math.prod(weight.array.shape[1:])
    return total


def save(folder: Path, name: str, module: nn.Module, inputs: dict[str, torch.Tensor]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with seeded.one_thread(), torch.no_grad():
        expected = module(*inputs.values())
    _write(folder / "expected.f32", expected)
    for port, value in inputs.items():
        _write(folder / f"{port}.f32", value)
    graph = graph_of(module, inputs, fixed=False)
    provenance = writer.Provenance(VERSION, "", "", "")
    data = writer.model_bytes(graph, name.partition("@")[0], None, None, provenance, "float32")
    (folder / "model.pliant").write_bytes(data)

    graph = graph_of(module, inputs, fixed=True)
    names = {id(weight): f"w{number}" for number, weight in enumerate(graph.weights())}
    np.savez(folder / "weights.npz", **{names[id(w)]: w.array for w in graph.weights()})
    nodes = []
    for node in graph.nodes:
        fields = vars(node.layer)
        weights = {key: names[id(item)] for key, item in fields.items() if isinstance(item, Weight)}
        attributes = {key: item for key, item in fields.items() if key not in weights and item is not None}
        nodes.append(
            {
                "name": node.name,
                "layer": type(node.layer).__name__,
                "inputs": [value.name for value in node.inputs],
                "output": node.output.name,
                "shape": node.output.dims,
                "attributes": attributes,
                "weights": weights,
            }
        )
    content: dict[str, Any] = {
        "name": name,
        "macs": macs(graph),
        "inputs": {port.value.name: port.shape for port in graph.inputs},
        "output": graph.outputs[0].value.name,
        "output_shape": graph.outputs[0].value.dims,
        "nodes": nodes,
    }
    # Written last: a folder with a graph is complete.
    (folder / "graph.json").write_text(json.dumps(content, indent=1))


def _write(path: Path, value: torch.Tensor) -> None:
    value.contiguous().numpy().astype(np.float32).tofile(path)


def main(arguments: Sequence[str]) -> None:
    root, made = Path(arguments[0]), {}
    for name in arguments[1:]:
        if name in LAYERS:
            save(root / name, name, *layer(name))
            continue
        which, _, size = name.partition("@")
        if which not in made:
            made[which] = network(which)
        save(root / name, name, made[which], network_inputs(*map(int, size.split("x"))))


if __name__ == "__main__":
    main(sys.argv[1:])
