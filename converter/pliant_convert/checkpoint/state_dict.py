"""Finds the state dict in what was saved: containers around it, prefixes on its keys."""

from __future__ import annotations

from typing import Any

from ..errors import ConvertError
from .reader import SAVE_A_STATE_DICT, describe, is_pickled_module
from .tensors import Tensor, short
from .unpickler import Stub

# Names under which training scripts save the weights beside other things, the likeliest first; averaged
# weights (`params_ema` of BasicSR) are what inference takes where they stand beside the last ones.
CONTAINERS = (
    *("state_dict", "model_state_dict", "model", "net", "network", "weights"),
    *("params_ema", "params", "ema_state_dict"),
)
# What wrappers put in front of every key: MhLiao/DB `model.module.`, DataParallel `module.`, others `model.`.
PREFIXES = ("model.module.", "module.", "model.")
# What wrappers that average weights count besides: torch.optim.swa_utils, MMEngine.
COUNTERS = {"n_averaged", "steps"}
MAX_DEPTH = 8


def find_state_dict(content: Any, strip: bool = True) -> dict[str, Tensor]:
    """The weights by key, without containers and, with `strip`, wrappers' prefixes. Raises ConvertError."""
    weights = _unwrap(content)
    result = {}
    for key, value in weights.items():
        if isinstance(value, Tensor):
            value.check(key)
            result[key] = value
        elif isinstance(value, Stub):
            raise ConvertError(
                f"the weight '{key}' is {describe(value)}, which only its project's code could read; "
                f"{SAVE_A_STATE_DICT}"
            )
        # Anything else beside the weights (numbers, text, `_extra_state`) is no weight.
    return _strip_prefixes(result) if strip else result


def _unwrap(content: Any) -> dict[str, Any]:
    for _ in range(MAX_DEPTH):
        if is_pickled_module(content):
            raise ConvertError(
                f"the file holds a whole pickled module ('{content.name}'), which only its code could read; "
                f"{SAVE_A_STATE_DICT}"
            )
        if isinstance(content, Stub):
            raise ConvertError(
                f"the file holds {describe(content)}, which only running its code could make, and that "
                f"is never done; {SAVE_A_STATE_DICT}"
            )
        if not isinstance(content, dict):
            raise ConvertError(f"the file holds {describe(content)}, no state dict; {SAVE_A_STATE_DICT}")
        inner = [content[name] for name in CONTAINERS if isinstance(content.get(name), (dict, Stub))]
        if not inner:
            if any(isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()):
                return {key: value for key, value in content.items() if isinstance(key, str)}
            keys = ", ".join(short(key) for key in list(content)[:6])
            strange = [key for key, value in content.items() if isinstance(value, Stub)]
            what = f" ({short(strange[0])} is {describe(content[strange[0]])})" if strange else ""
            raise ConvertError(
                f"the file holds no weights: a dictionary with {keys or 'nothing in it'}{what}; "
                f"{SAVE_A_STATE_DICT}"
            )
        # A dictionary is likelier to be the weights than an object of the same container.
        content = next((value for value in inner if isinstance(value, dict)), inner[0])
    raise ConvertError(f"the file's dictionaries are nested more than {MAX_DEPTH} deep; {SAVE_A_STATE_DICT}")


def _strip_prefixes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    while weights:
        names = [key for key in weights if key not in COUNTERS]
        prefix = next((p for p in PREFIXES if names and all(key.startswith(p) for key in names)), None)
        if prefix is None:
            break
        weights = {key[len(prefix) :]: weights[key] for key in names}
    return weights
