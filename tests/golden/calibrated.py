"""What mhliao/make.py and paddle/make.py share: narrow networks, lively weights, and the files themselves."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch

EVERY = 3  # every third row and column of the outputs is kept
LOGIT_STD = 1.5
Weights = Callable[[dict, int, dict], dict]
Run = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


class _Narrow(ast.NodeTransformer):
    """Divides the powers of two from 32 up by four where the class's constructor names them."""

    def __init__(self, class_name: str) -> None:
        self.class_name = class_name

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        for part in node.body if node.name == self.class_name else []:
            if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                for number in ast.walk(part):
                    if isinstance(number, ast.Constant) and _is_width(number.value):
                        number.value //= 4
        return node


def _is_width(value: Any) -> bool:
    return type(value) is int and value >= 32 and value & (value - 1) == 0


def narrow(name: str, class_name: str) -> None:
    """Makes a class of the module build a quarter of the widths that its constructor names."""
    module = importlib.import_module(name)
    tree = _Narrow(class_name).visit(ast.parse(Path(str(module.__file__)).read_text("utf-8")))
    narrowed: dict[str, Any] = {"__name__": name, "__package__": module.__package__}
    exec(compile(tree, str(module.__file__), "exec"), narrowed)
    getattr(module, class_name).__init__.__code__ = narrowed[class_name].__init__.__code__


def make(
    path: Path,
    network: torch.nn.Module,
    seed: int,
    inputs: list[torch.Tensor],
    weights: Weights,
    last_layer: str,
    run: Run,
) -> None:
    """Writes one golden. `weights` is that project's in tests/converter; `run` gives the probability.

    The first of the inputs passes twice: while it passes first, each BatchNorm takes its statistics from it.
    """
    network.eval()
    shapes = {key: tuple(item.shape) for key, item in network.state_dict().items()}
    modules = dict(network.named_modules())
    network.load_state_dict(weights(shapes, seed, {}))
    statistics: dict[str, tuple[float, float]] = {}

    def calibrate(name: str) -> Callable[..., None]:
        running = {f"{name}.{kind}": shapes[f"{name}.{kind}"] for kind in ("running_mean", "running_var")}

        def hook(norm: Any, arguments: Any) -> None:
            statistics[name] = float(arguments[0].mean()), float(arguments[0].std())
            made = weights(running, seed, statistics)
            norm.running_mean.copy_(made[f"{name}.running_mean"])
            norm.running_var.copy_(made[f"{name}.running_var"])

        return hook

    def spread(module: Any, arguments: Any, logits: torch.Tensor) -> None:
        scale = LOGIT_STD / float(logits.std())
        statistics[last_layer] = scale, -float(logits.mean()) * scale

    handles = [modules[last_layer].register_forward_hook(spread)]
    for name, module in modules.items():
        if isinstance(module, torch.nn.BatchNorm2d):
            handles.append(module.register_forward_pre_hook(calibrate(name)))
    with torch.no_grad():
        run(network, inputs[0])
    for handle in handles:
        handle.remove()
    network.load_state_dict(weights(shapes, seed, statistics))
    logits: list[torch.Tensor] = []
    modules[last_layer].register_forward_hook(lambda *hook: logits.append(hook[2].clone()))
    outputs = {}
    for number, picture in enumerate(inputs):
        with torch.no_grad():
            probability = run(network, picture)[:, :, ::EVERY, ::EVERY].numpy()
        lively = ((probability > 0.05) & (probability < 0.95)).mean()
        assert lively >= 0.3, (path.stem, lively)
        outputs[f"probability{number}"] = probability
        outputs[f"logits{number}"] = logits[-1][:, :, ::EVERY, ::EVERY].numpy()
        print(f"{path.stem} {tuple(picture.shape)}: {lively:.2f} lively, logits {logits[-1].std():.2f}")
    table = np.full((len(shapes), max(map(len, shapes.values()))), -1, np.int32)
    for row, shape in zip(table, shapes.values()):
        row[: len(shape)] = shape
    names = list(statistics)
    np.savez_compressed(
        path,
        seed=seed,
        keys=np.array(list(shapes)),
        shapes=table,
        norms=np.array(names),
        statistics=np.array([statistics[name] for name in names]),
        **outputs,
    )
