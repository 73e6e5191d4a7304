"""Pass 5: overrides, `key.path=value` on the command line, under the same rules as a file."""

from __future__ import annotations

from collections.abc import Sequence

from ymltrain.diagnostics import Diagnostic, Diagnostics, Source, Span
from ymltrain.recipe.document import Node, Origin, with_origin
from ymltrain.recipe.grammar import is_list
from ymltrain.recipe.key_path import KeyPathError, format_key_path, split_key_path
from ymltrain.recipe.merge import Merge, without_nulls
from ymltrain.recipe.short_forms import expand_short_forms
from ymltrain.recipe.syntax import parse_syntax

COMMAND_LINE = "command line"


def apply_overrides(root: Node, overrides: Sequence[str], merge: Merge, diagnostics: Diagnostics) -> Node:
    """The recipe with the command line merged over it; null entries are then taken back to their defaults."""
    for text in overrides:
        override = read_override(text, root, diagnostics)
        if override is not None:
            root = merge.over(root, expand_short_forms(with_origin(override, Origin.OVERRIDE)))
    return without_nulls(root)


def read_override(text: str, root: Node, diagnostics: Diagnostics) -> Node | None:
    """One override as a small recipe of one entry, or None after saying why it cannot be laid over the recipe."""
    source = Source(COMMAND_LINE, text)
    try:
        segments, value_start = split_key_path(text)
    except KeyPathError as error:
        diagnostics.add(Diagnostic("YT201", f"not an override: {error}", _FORM, _span(source, error.position, len(text))))
        return None
    if value_start is None:
        diagnostics.add(Diagnostic("YT201", f'"{text}" sets no value', _FORM, _span(source, 0, len(text))))
        return None
    refusal = _refusal(tuple(name for name, _, _ in segments), root)
    if refusal is not None:
        diagnostics.add(Diagnostic(*refusal, _span(source, 0, value_start - 1)))
        return None
    node = _value(source, value_start, diagnostics)
    if node is None:
        return None
    for name, start, end in reversed(segments):
        key_span = _span(source, start, end)
        entry = Node(node.value, node.span, key_span)
        node = Node({name: entry}, key_span)
    return node


def _refusal(path: tuple[str, ...], root: Node) -> tuple[str, str, str] | None:
    """Why nothing can be set at this path: a code, a message and a hint; None when it can."""
    if path[0] in ("extends", "profiles"):
        return "YT204", f'an override may not write "{path[0]}"', "write it in the recipe"
    for length in range(1, len(path)):
        above = root.at(path[:length])
        if is_list(path[:length]) or (above is not None and isinstance(above.value, tuple)):
            name = format_key_path(path[:length])
            return "YT201", f"{name} is a list, and an override sets a list as a whole", f"like {name}=[…, …]"
    return None


_FORM = "an override is key.path=value: optimizer.lr=1e-3"


def _value(source: Source, start: int, diagnostics: Diagnostics) -> Node | None:
    if not source.text[start:].strip():
        return Node(None, _span(source, start, start))
    return parse_syntax(source, diagnostics, start=start)


def _span(source: Source, start: int, end: int) -> Span:
    return Span(source, 1, start + 1, 1, max(end, start + 1) + 1)
