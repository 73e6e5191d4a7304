"""Credentials do not stand in a datasource: a plan, a run and a bundle keep what it says.

YT660 a password or key that is written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ymltrain.diagnostics import Diagnostic, KeyPath
from ymltrain.recipe.document import Node
from ymltrain.recipe.key_path import format_key_path

HINT = "write ${secret:NAME} in its place, and set NAME in the environment of whoever runs it"

_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*?:(?P<password>[^@\s]*)@", re.IGNORECASE)
_IN_QUERY = re.compile(r"[?&](?:[\w-]*(?:sig|signature|token|password|secret|key))=(?P<password>[^&\s]+)", re.IGNORECASE)
_NAMED = re.compile(r"secret|password|passwd|token|(?:^|_)key$|credential|connection_string", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{secret:[^}]*\}")


def find_credentials(root: Node) -> Iterator[Diagnostic]:
    """Each URL of the datasource with a password in it, each plain value under a key that is named for a secret."""
    node = root.at(("datasource",))
    if node is not None:
        yield from _written(node, ("datasource",))


def _written(node: Node, path: KeyPath) -> Iterator[Diagnostic]:
    if isinstance(node.value, dict):
        for key, entry in node.value.items():
            yield from _written(entry, (*path, key))
    elif isinstance(node.value, tuple):
        for index, entry in enumerate(node.value):
            yield from _written(entry, (*path, index))
    elif isinstance(node.value, str) and (what := _what(node.value, path)):
        yield Diagnostic("YT660", f"{format_key_path(path)} holds {what}, and plans and runs would keep it", HINT, node.span, path)


def _what(text: str, path: KeyPath) -> str | None:
    for pattern, name in ((_IN_URL, "a password"), (_IN_QUERY, "a key")):
        found = pattern.search(text)
        if found and _REFERENCE.sub("", found["password"]):
            return name
    if "storage" in path and isinstance(path[-1], str) and _NAMED.search(path[-1]) and _REFERENCE.sub("", text):
        return "a secret"
    return None
