"""The one table of checkpoints that are known, row by row from each project's file."""

from __future__ import annotations

from . import easyocr, mhliao, mmocr, paddle, wenmuzhou
from .recipe import Recipe, UnknownLayout

RECIPES: tuple[Recipe, ...] = (
    *mhliao.RECIPES,
    *easyocr.RECIPES,
    *mmocr.RECIPES,
    *paddle.RECIPES,
    *wenmuzhou.RECIPES,
)

__all__ = ["RECIPES", "Recipe", "UnknownLayout"]
