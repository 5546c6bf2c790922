"""Makes one convolution of parallel ones whose sum is taken.

A convolution is linear in its weights: conv(x, v) + conv(x, w) = conv(x, v + w), where the smaller of two
kernels stands in the middle of the larger, zeros around it. With as much less padding as its kernel is
smaller, both read the same pixels at the same places, borders included. A BatchNorm2d of the same x is a 1x1
convolution with one weight a channel. Networks that were trained with parallel branches (RepVGG, PP-LCNetV3)
become as small as those that they stand for. Only where nothing else reads what the branches make and
products do not get more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

import numpy as np

from ..dims import all_same
from ..ir import Graph, Node, Pair, Value, Weight, origins_of
from ..layers.add import Add
from ..layers.batch_norm2d import BatchNorm2d
from ..layers.conv2d import Conv2d
from .affine import affine_of, float64


class Kind(NamedTuple):
    """What branches must have in common."""

    x: Value
    stride: Pair
    groups: int
    weight: tuple[int, int]  # outputs, inputs a group
    shrinks: Pair  # pixels by which the kernel is wider than one pixel and the padding


class _Sums:
    """The graph, asked for trees of sums."""

    def __init__(self, graph: Graph) -> None:
        self.consumers = graph.consumers()
        self.producers = {node.output: node for node in graph.nodes}
        self.outputs = {port.value for port in graph.outputs}

    def inside(self, value: Value) -> bool:
        """Whether nothing but one node reads it."""
        return len(self.consumers.get(value, ())) == 1 and value not in self.outputs

    def is_root(self, node: Node) -> bool:
        if not isinstance(node.layer, Add):
            return False
        return not (self.inside(node.output) and isinstance(self.consumers[node.output][0].layer, Add))

    def parts(self, node: Node) -> Iterator[tuple[Value, Optional[Node]]]:
        """What the tree below a sum is made of: (value, None) for a term, (value, node) for a sum."""
        for value in node.inputs:
            maker = self.producers.get(value)
            if maker is not None and isinstance(maker.layer, Add) and self.inside(value):
                yield from self.parts(maker)
                yield value, maker
            else:
                yield value, None


def merge_branches(graph: Graph) -> None:
    sums = _Sums(graph)
    for root in list(graph.nodes):
        if not sums.is_root(root):
            continue
        parts = list(sums.parts(root))
        terms = [value for value, node in parts if node is None]
        if not all(all_same(value.dims, root.output.dims) for value in terms):
            continue  # broadcasting
        merged = _merge(sums, terms)
        if len(merged) < len(terms):
            gone = {id(node) for _, node in parts if node is not None} | {id(root)}
            gone |= {id(sums.producers[value]) for value in terms if value not in merged}
            _replace(graph, root, merged, sums.producers, gone)


def _merge(sums: _Sums, terms: list[Value]) -> list[Value]:
    """The terms that are left; the first of those that were merged makes the sum of them all."""
    makers = [sums.producers[value] for value in terms if sums.inside(value) and value in sums.producers]
    norms = [node for node in makers if isinstance(node.layer, BatchNorm2d)]
    branches: dict[Kind, list[Node]] = {}
    for node in makers:
        kind = _kind(node)
        if kind is not None:
            branches.setdefault(kind, []).append(node)
    left = list(terms)
    for kind, nodes in branches.items():
        outputs = kind.weight[0]
        if kind.stride == (1, 1) and kind.shrinks == (0, 0) and kind.weight[1] * kind.groups == outputs:
            nodes += [node for node in norms if node.inputs[0] is kind.x and node.output in left]
        if len(nodes) > 1 and _is_worth(nodes):
            nodes[0].layer = _sum(kind, nodes)
            left = [value for value in left if all(value is not node.output for node in nodes[1:])]
    return left


def _kind(node: Node) -> Optional[Kind]:
    layer = node.layer
    if not isinstance(layer, Conv2d):
        return None
    outputs, inputs, *kernel = layer.weight.array.shape
    if any(k > 1 and d != 1 for k, d in zip(kernel, layer.dilation)):
        return None
    shrinks = Pair(*(k - 1 - 2 * p for k, p in zip(kernel, layer.padding)))
    return Kind(node.inputs[0], Pair(*layer.stride), layer.groups, (outputs, inputs), shrinks)


def _kernel(node: Node) -> tuple[int, int]:
    return node.layer.weight.array.shape[2:] if isinstance(node.layer, Conv2d) else (0, 0)


def _largest(nodes: list[Node]) -> Pair:
    return Pair(*(max(sizes) for sizes in zip(*map(_kernel, nodes))))


def _is_worth(nodes: list[Node]) -> bool:
    return np.prod(_largest(nodes)) <= sum(np.prod(_kernel(node)) for node in nodes)


def _sum(kind: Kind, nodes: list[Node]) -> Conv2d:
    height, width = _largest(nodes)
    outputs, inputs = kind.weight
    weight, bias = np.zeros((outputs, inputs, height, width)), np.zeros(outputs)
    of_weight: list[Optional[Weight]] = []
    of_bias: list[Optional[Weight]] = []
    for node in nodes:
        layer = node.layer
        if isinstance(layer, BatchNorm2d):
            scale, shift = affine_of(layer)
            channels = np.arange(outputs)
            weight[channels, channels % inputs, height // 2, width // 2] += scale
            bias += shift
            of_weight += (layer.weight, layer.var)
            of_bias += (layer.weight, layer.bias, layer.mean, layer.var)
            continue
        h, w = layer.weight.array.shape[2:]
        top, left = (height - h) // 2, (width - w) // 2
        weight[:, :, top : top + h, left : left + w] += float64(layer.weight)
        of_weight.append(layer.weight)
        if layer.bias is not None:
            bias += float64(layer.bias)
            of_bias.append(layer.bias)
    name = nodes[0].layer.weight.name
    made = Weight(name, weight.astype(np.float32), origins_of(*of_weight))
    has_bias = any(item is not None for item in of_bias)
    bias_name = name.rpartition("weight")[0] + "bias"
    made_bias = Weight(bias_name, bias.astype(np.float32), origins_of(*of_bias)) if has_bias else None
    padding = Pair((height - 1 - kind.shrinks.h) // 2, (width - 1 - kind.shrinks.w) // 2)
    return Conv2d(made, made_bias, kind.stride, padding, Pair(1, 1), kind.groups)


def _replace(
    graph: Graph, root: Node, terms: list[Value], producers: dict[Value, Node], gone: set[int]
) -> None:
    """A chain of sums of the terms in the root's place; its last one makes the root's value."""
    if len(terms) == 1:
        producers[terms[0]].output = root.output
        producers[root.output] = producers[terms[0]]
    chain, total = [], terms[0]
    for number, term in enumerate(terms[1:], start=2):
        last = number == len(terms)
        value = root.output if last else Value(f"{root.output.name}/{number}", root.output.dims)
        chain.append(Node(root.name if last else f"{root.name}/{number}", Add(), [total, term], value))
        total = value
    at = next(index for index, node in enumerate(graph.nodes) if node is root)
    graph.nodes[at : at + 1] = chain
    graph.nodes = [node for node in graph.nodes if id(node) not in gone]
