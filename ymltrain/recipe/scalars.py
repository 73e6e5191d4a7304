"""What an unquoted word means in a recipe: one set of rules for files, overrides and the environment.

`true` and `false` are booleans, `null`, `~` and nothing are null, decimal, `0x` and `0o` integers and
floats (with or without an exponent: `1e-3`) are numbers. All else is text: `no`, `on`, `12:30`, dates,
`1_000`, and integers with leading zeros, which are codes (`007`).
"""

from __future__ import annotations

import math
import re

from ymltrain.recipe.document import Scalar

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL = re.compile(r"0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))")
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_LARGEST = 2**63 - 1


class ScalarError(ValueError):
    """A word that looks like a number and cannot be one here."""


def read_scalar(text: str) -> Scalar:
    """The value of an unquoted word. Raises ScalarError for numbers that JSON cannot hold."""
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"{text} is not a number that a recipe can hold; quote it if it is meant as text")
    if len(text) > 400 or _LEADING_ZERO.match(text):
        return text
    integer = _read_integer(text)
    if integer is not None:
        if abs(integer) > _LARGEST:
            raise ScalarError(f"{text} does not fit 64 bits; quote it if it is meant as text")
        return integer
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ScalarError(f"{text} is too large for a float; quote it if it is meant as text")
        return number
    return text


def _read_integer(text: str) -> int | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    return None
