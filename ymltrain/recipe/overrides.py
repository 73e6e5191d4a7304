"""Pass 5: overrides, `key.path=value` on the command line, under the same rules as a file."""

from __future__ import annotations

from collections.abc import Sequence

from ymltrain.diagnostics import Diagnostic, Diagnostics, Source, Span
from ymltrain.recipe.document import Node, Origin, with_origin
from ymltrain.recipe.key_path import KeyPathError, split_key_path
from ymltrain.recipe.merge import Merge, without_nulls
from ymltrain.recipe.short_forms import expand_short_forms
from ymltrain.recipe.syntax import parse_syntax

COMMAND_LINE = "command line"


def apply_overrides(root: Node, overrides: Sequence[str], merge: Merge, diagnostics: Diagnostics) -> Node:
    """The recipe with the command line merged over it; null entries are then taken back to their defaults."""
    for override in read_overrides(overrides, diagnostics):
        root = merge.over(root, override)
    return without_nulls(root)


def read_overrides(overrides: Sequence[str], diagnostics: Diagnostics) -> list[Node]:
    """Each override as a small recipe of one entry, short forms expanded."""
    nodes = (read_override(text, diagnostics) for text in overrides)
    return [expand_short_forms(with_origin(node, Origin.OVERRIDE)) for node in nodes if node is not None]


def read_override(text: str, diagnostics: Diagnostics) -> Node | None:
    """One override as a nested mapping, or None after saying what is wrong with it."""
    source = Source(COMMAND_LINE, text)
    try:
        segments, value_start = split_key_path(text)
    except KeyPathError as error:
        diagnostics.add(Diagnostic("YT201", f"not an override: {error}", _FORM, _span(source, error.position, len(text))))
        return None
    if value_start is None:
        diagnostics.add(Diagnostic("YT201", f'"{text}" sets no value', _FORM, _span(source, 0, len(text))))
        return None
    node = _value(source, value_start, diagnostics)
    if node is None:
        return None
    for name, start, end in reversed(segments):
        key_span = _span(source, start, end)
        entry = Node(node.value, node.span, key_span)
        node = Node({name: entry}, key_span)
    return node


_FORM = "an override is key.path=value: optimizer.lr=1e-3"


def _value(source: Source, start: int, diagnostics: Diagnostics) -> Node | None:
    if not source.text[start:].strip():
        return Node(None, _span(source, start, start))
    return parse_syntax(source, diagnostics, start=start)


def _span(source: Source, start: int, end: int) -> Span:
    return Span(source, 1, start + 1, 1, max(end, start + 1) + 1)
