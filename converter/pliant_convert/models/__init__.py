"""The recipes: what is known about particular models. The build copies them from the repository's models/."""

from __future__ import annotations

from .db.checkpoints import RECIPES, Recipe, UnknownLayout
from .db.processing import ImagePreprocess, TextPostprocess

__all__ = ["RECIPES", "ImagePreprocess", "Recipe", "TextPostprocess", "UnknownLayout"]
