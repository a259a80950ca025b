"""Recipes: one complete model per file, found at the first look-up."""

from geneglass.model.recipe import Recipe
from geneglass.registry import Registry

RECIPES: Registry[type[Recipe]] = Registry("recipe", __name__)
