"""Recipes: read, parsed with the place of every value, composed, interpolated and checked for shape."""
