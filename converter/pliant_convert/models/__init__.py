"""The recipes: what is known about particular models. The build copies them from the repository's models/."""

from __future__ import annotations

from .db.checkpoints import RECIPES, Recipe, UnknownLayout
from .db.processing import MAX_SIDE, ImagePreprocess, TextPostprocess

__all__ = ["MAX_SIDE", "RECIPES", "ImagePreprocess", "Recipe", "TextPostprocess", "UnknownLayout"]
