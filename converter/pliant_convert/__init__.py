"""Converts PyTorch checkpoints to Pliant model files (`*.pliant`)."""

from .errors import ConvertError
from .version import VERSION as __version__

__all__ = ["ConvertError", "__version__"]
