"""The one table of checkpoints that are known, row by row from each project's file."""

from __future__ import annotations

from . import easyocr, mhliao, paddle
from .recipe import Recipe, UnknownLayout

RECIPES: tuple[Recipe, ...] = (*mhliao.RECIPES, *easyocr.RECIPES, *paddle.RECIPES)

__all__ = ["RECIPES", "Recipe", "UnknownLayout"]
