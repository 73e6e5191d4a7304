"""Values as a recipe writes them: the plainest text that reads back as the same value.

A `${` in a text would be a reference, so it is escaped as OmegaConf's grammar has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ymltrain.recipe.scalars import ScalarError, read_scalar

_PLAIN = re.compile(r"[A-Za-z_./][\w ./+-]*")
_FLOW_WIDTH = 100
_LONGEST_KEY = 1_000
"""YAML ends a key that is not marked as one after 1,024 signs."""


def write_value(value: Any) -> str:
    """A value on one line: a scalar, or a list or mapping in brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{write_key(key)}: {write_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_value(entry) for entry in value) + "]"
    if isinstance(value, str):
        return write_text(re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + "\\${", value))
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else f"{value!r}"


def write_key(key: str) -> str:
    """A key of a mapping, which is text whatever it looks like and never holds a reference."""
    written = write_text(key)
    return written if len(written) < _LONGEST_KEY else f"? {written}\n"


def write_text(text: str) -> str:
    """A text, in quotes where it would be read as something else without them."""
    is_plain = _PLAIN.fullmatch(text) is not None and text.isascii() and not text.endswith(" ") and "  " not in text
    if is_plain and _reads_as_itself(text):
        return text
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def comment(text: str) -> str:
    """A text that can stand in a comment: on one line, of signs that print."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _reads_as_itself(text: str) -> bool:
    try:
        return read_scalar(text) == text
    except ScalarError:
        return False


def _escaped(sign: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(sign)
    if named is not None:
        return named
    if sign.isprintable() and ord(sign) < 0xFFFE:
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
