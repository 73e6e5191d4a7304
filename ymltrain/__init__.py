"""ymltrain: a recipe is source code, ymltrain is its compiler, the Plan is the object file."""

__version__ = "0.1.0"
