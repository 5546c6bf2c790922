"""Reading PyTorch checkpoints without running anything that is in them."""

from .reader import Checkpoint, open_checkpoint
from .state_dict import find_state_dict
from .tensors import Storage, Tensor

__all__ = ["Checkpoint", "Storage", "Tensor", "find_state_dict", "open_checkpoint"]
