"""Converts PyTorch checkpoints and modules to Pliant model files (`*.pliant`)."""

from __future__ import annotations

from typing import Any

from .errors import ConvertError
from .version import VERSION as __version__


def convert(module: Any, example_inputs: Any, path: Any, **options: Any) -> list[str]:
    """Writes a torch.nn.Module with its weights to the model file `path`; see pliant_convert/api.py."""
    from . import api  # imports PyTorch, which takes seconds

    return api.convert(module, example_inputs, path, **options)


__all__ = ["ConvertError", "__version__", "convert"]
