"""Pass 3: expand what a recipe may write shorter than it is.

`model: mlp` is `{type: mlp}` wherever a plugin or a column type is chosen, `datasource: a.csv` is
`{path: a.csv, type: csv}`, `target: price` is `{column: price}` and `target: [a, b]` is `{columns: [a, b]}`, and one
entry of a list needs no brackets. A reference to another key stands for whatever is there, so it is expanded once it is
known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from ymltrain.diagnostics import KeyPath
from ymltrain.recipe.document import Node, annotate
from ymltrain.recipe.grammar import is_column, is_list, plugin_kind_at

SOURCE_TYPES = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".tsv": "tsv",
    ".txt": "text",
    ".md": "text",
    ".rst": "text",
}
"""The datasource type that a file name's suffix stands for."""

COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Suffixes that say how a file is compressed; the one before says what it holds."""

_KEY_REFERENCE = re.compile(r"\$\{[^${}:]*\}")


def expand_short_forms(node: Node, path: KeyPath = ()) -> Node:
    """The same recipe (or part of one at `path`), with every short form written out but what references stand for.

    Expanding twice is expanding once; after references are resolved it expands those.
    """
    if path == ("profiles",):
        return (
            node.with_entries({name: expand_short_forms(profile) for name, profile in node.mapping.items()})
            if node.mapping
            else node
        )
    node = _expand_here(node, path)
    if isinstance(node.value, dict):
        return node.with_entries({key: expand_short_forms(entry, (*path, key)) for key, entry in node.value.items()})
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(expand_short_forms(entry, (*path, index)) for index, entry in enumerate(node.value)))
    return node


def _expand_here(node: Node, path: KeyPath) -> Node:
    if isinstance(node.value, str) and _KEY_REFERENCE.fullmatch(node.value):
        return node
    if is_list(path) and not isinstance(node.value, tuple) and node.value is not None:
        return replace(node, value=(replace(node, key_span=None),))
    if path == ("target",) and isinstance(node.value, tuple):
        return replace(node, value={"columns": replace(node, key_span=None)})
    return _entries(node, _meaning(node.value, path)) if isinstance(node.value, str) else node


def _meaning(text: str, path: KeyPath) -> dict[str, str]:
    """The entries that a single text stands for here; none where it is a text."""
    if path == ("datasource",):
        return {"path": text, **_type_by_suffix(text)}
    if path == ("target",):
        return {"column": text}
    if is_column(path) or plugin_kind_at(path) is not None:
        return {"type": text}
    return {}


def source_type(path: str) -> str | None:
    """The datasource type that the suffix of a path, a pattern or a URL stands for, or None."""
    if "://" in path:
        path = path.split("?", 1)[0].split("#", 1)[0].split("::", 1)[0]
    name = PurePosixPath(path.lower())
    return SOURCE_TYPES.get(PurePosixPath(name.stem).suffix if name.suffix in COMPRESSION_SUFFIXES else name.suffix)


def _type_by_suffix(path: str) -> dict[str, str]:
    found = source_type(path)
    return {} if found is None else {"type": found}


def _entries(node: Node, entries: dict[str, str]) -> Node:
    if not entries:
        return node
    value = annotate(entries, replace(node, key_span=None)).value
    return replace(node, value=value)
