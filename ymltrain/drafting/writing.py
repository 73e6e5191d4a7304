"""A draft as a file: compiled where it will stand, then given its name; never over what is there unless that is asked for.

YT883 a file that is there already, or cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.passes import build_graph
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import UsageError
from ymltrain.drafting.draft import Draft
from ymltrain.drafting.recipe_text import write_recipe_text
from ymltrain.storage import write_durably
from ymltrain.storage.atomic import create_exclusively, temporary_beside


def check_place(path: Path, *, replaces: bool) -> None:
    """Raise UsageError when a recipe cannot be written there."""
    if path.is_dir():
        raise UsageError("YT883", f"{path} is a folder", "name a file: -o recipe.yaml")
    if path.exists() and not replaces:
        raise UsageError("YT883", f"{path} is there already", "name another file with -o, or write over it with --force")
    if not path.absolute().parent.is_dir():
        raise UsageError("YT883", f"there is no folder {path.absolute().parent}", "make it first, or name another file with -o")


def compiled_text(draft: Draft, path: Path, catalog: Catalog, environment: Mapping[str, str]) -> str:
    """The recipe's text for this place, after a compilation that found no mistake in it. Raises UsageError, RecipeError."""
    text = write_recipe_text(draft, path.absolute().parent, path.name)
    staged = temporary_beside(path.absolute()).with_suffix(".yaml")
    try:
        write_durably(staged, text.encode())
        build_graph(Request(recipe=staged, workspace=path.absolute().parent, catalog=catalog, environment=environment))
    except OSError as error:
        raise UsageError("YT883", f"{path} cannot be written: {error.strerror}", "name another file with -o") from None
    finally:
        staged.unlink(missing_ok=True)
    return text


def write_recipe(text: str, path: Path, *, replaces: bool) -> None:
    """Put the recipe at its place. Raises UsageError when something has come there in the meantime, or it cannot be written."""
    try:
        if replaces:
            write_durably(path, text.encode())
        elif not create_exclusively(path, text.encode()):
            raise UsageError("YT883", f"{path} is there already", "name another file with -o, or write over it with --force")
    except OSError as error:
        raise UsageError("YT883", f"{path} cannot be written: {error.strerror}", "name another file with -o") from None
