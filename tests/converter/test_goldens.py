"""Every row of the table of recipes has goldens of its project's own code, and each golden is a whole one."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from pliant_convert import recipes
from pliant_convert.models import RECIPES

FOLDER = Path(__file__).parents[1] / "golden"
FILES = sorted(path for path in FOLDER.glob("*/*.npz") if path.stem != "pictures")
WRAPPERS = ("model.module.", "module.")  # of networks that were saved as they were trained
EVERY = 3  # every third row and column of an output is kept


class Golden(NamedTuple):
    shapes: dict[str, tuple[int, ...]]  # of the project's keys
    pictures: dict[str, tuple[int, ...]]  # [N,3,H,W] by name, in their order
    content: dict[str, np.ndarray]


@functools.cache
def load(path: Path) -> Golden:
    """One golden, in whichever of the projects' forms it is; the READMEs beside them tell these."""
    with np.load(path) as file:
        content = dict(file)
    with np.load(path.parent / "pictures.npz") as file:
        return Golden(unwrapped(layout(content)), {name: file[name].shape for name in file.files}, content)


def outputs(golden: Golden) -> dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]]:
    """(probability, logits) by the shape of the picture; of some pictures there may be none."""
    found = {}
    for number, (name, picture) in enumerate(golden.pictures.items()):
        numbered = f"probability{number}" in golden.content or f"logits{number}" in golden.content
        if numbered or f"{name}_probability" in golden.content:
            keys = ("{1}{2}" if numbered else "{0}_{1}").format
            kinds = (keys(name, kind, number) for kind in ("probability", "logits"))
            found[picture] = tuple(golden.content[key] for key in kinds)
    return found


def layout(content: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """The project's keys and their shapes."""
    if "about" in content:
        pairs = json.loads(content["about"].tobytes())["layout"].items()
    elif "shapes" in content:
        pairs = ((str(key), row[row >= 0]) for key, row in zip(content["keys"], content["shapes"]))
    else:
        lines = (str(line).split(" ") for line in content["keys"])
        pairs = ((key, (n for n in shape.split(",") if n)) for key, shape in lines)
    return {key: tuple(int(n) for n in shape) for key, shape in pairs}


def unwrapped(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    for prefix in WRAPPERS:
        if all(key.startswith(prefix) for key in shapes):
            return {key[len(prefix) :]: shape for key, shape in shapes.items()}
    return shapes


@functools.cache
def rows() -> dict[Path, str]:
    """The recipe of each golden as it is recognised; EasyOCR's must be named, since MhLiao/DB's fits it."""
    return {
        path: path.stem if path.parent.name == "easyocr" else recipes.recognise(load(path).shapes).name
        for path in FILES
    }


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_row_has_a_golden(recipe):
    """Of its own network: recognised as that row, with all weights that it needs, well shaped."""
    own = [path for path, name in rows().items() if name == recipe.name]
    assert own, f"no golden in tests/golden is of {recipe.name}"
    for path in own:
        recipes.check(recipe, load(path).shapes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_golden_has_two_sizes_and_a_batch(path):
    """And an odd side where the network takes any; probabilities and logits of every picture."""
    found = outputs(load(path))
    sides = {picture[2:] for picture in found}
    assert len(sides) >= 2
    assert any(picture[0] == 2 for picture in found)
    if recipes.recipe_named(rows()[path]).input_multiple_of == 1:
        assert any(height % 2 and width % 2 for height, width in sides)
    for (batch, _, *size), kinds in found.items():
        # A network may answer in the next multiples of four.
        answers = (size, [-(-side // 4) * 4 for side in size])
        fitting = [(batch, 1, *(-(-side // EVERY) for side in answer)) for answer in answers]
        for output in kinds:
            assert output.shape in fitting
            assert np.isfinite(output).all() and output.std() > 0.01
