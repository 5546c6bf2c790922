"""Constant: a weight as a value. Handlers make it where a number or parameter meets a computed tensor."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Weight


@dataclass
class Constant:
    weight: Weight
