"""Key paths of a recipe as candidates: one key at a time, then its value."""

from __future__ import annotations

from collections.abc import Iterator

from click.shell_completion import CompletionItem

from ymltrain.compiler.outline import Outline
from ymltrain.compiler.request import Request
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path


def override_candidates(request: Request, incomplete: str) -> Iterator[CompletionItem]:
    """`optimizer.` for what has keys below it, `optimizer.lr=` for what takes a value, `loss=mse` for the values."""
    outline = Outline.of(request)
    key, equals, _ = incomplete.partition("=")
    if equals:
        for word in outline.values(parse_key_path(key)):
            yield CompletionItem(f"{key}={word}")
        return
    for path, is_set, is_open, description in _below(outline, incomplete):
        if is_set:
            yield CompletionItem(f"{path}=", help=description)
        if is_open:
            yield CompletionItem(f"{path}.", help=description)


def key_candidates(request: Request, incomplete: str) -> Iterator[CompletionItem]:
    """`optimizer.lr`, and `optimizer.` on the way there."""
    for path, _, is_open, description in _below(Outline.of(request), incomplete):
        yield CompletionItem(path, help=description)
        if is_open:
            yield CompletionItem(f"{path}.", help=description)


def _below(outline: Outline, incomplete: str) -> Iterator[tuple[str, bool, bool, str]]:
    parent = _parent(incomplete)
    for key in outline.keys(parent):
        yield format_key_path((*parent, key.name)), key.is_set, key.is_open, key.description


def _parent(incomplete: str) -> tuple[str, ...]:
    """The keys that are written out before the last dot that is none of a quoted name."""
    end = len(incomplete)
    while (end := incomplete.rfind(".", 0, end)) >= 0:
        try:
            return parse_key_path(incomplete[:end])
        except KeyPathError:
            continue
    return ()
