"""What is done to texts on their way: case, spaces, encodings, number formats."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable


def _mojibake(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def _number(text: str) -> str:
    return str(int(text)) if text.strip().lstrip("+-").isdigit() else text


def _float(text: str) -> str:
    return str(float(text))


def _whole(text: str) -> str:
    value = float(text)
    return str(int(value)) if value == int(value) else text


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


CHANGES: dict[str, Callable[[str], str]] = {
    "in lower case": str.lower,
    "in upper case": str.upper,
    "with the first letter of each word in upper case": str.title,
    "with the first letter in upper case": str.capitalize,
    "without spaces around": str.strip,
    "with a space before": lambda text: f" {text}",
    "with a space after": lambda text: f"{text} ",
    "with a line end": lambda text: f"{text}\n",
    "with underscores for spaces": lambda text: text.replace(" ", "_"),
    "with hyphens for spaces": lambda text: text.replace(" ", "-"),
    "with spaces for underscores": lambda text: text.replace("_", " "),
    "without spaces": lambda text: text.replace(" ", ""),
    "in quotes": lambda text: f'"{text}"',
    "in single quotes": lambda text: f"'{text}'",
    "as the text of bytes": lambda text: f"b'{text}'",
    "read as Latin-1": _mojibake,
    "without accents": _plain,
    "in another Unicode form": lambda text: unicodedata.normalize("NFD", text),
    "as a whole number": _number,
    "as a decimal number": _float,
    "without its decimals": _whole,
}


def changed(values: Iterable[str], change: Callable[[str], str]) -> dict[str, str]:
    """Each value as the change makes it; as it is where the change cannot be made."""
    result = {}
    for value in values:
        try:
            result[value] = change(value)
        except (ValueError, UnicodeError, OverflowError):
            result[value] = value
    return result


def folded(text: str) -> str:
    """A text without what encodings change: case, accents, spaces, quotes, separators, a decimal ending of zeros."""
    plain = text
    try:
        plain = text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        plain = text
    plain = _plain(plain).casefold().strip("\"'b \t\r\n")
    for separator in " _-.\t":
        plain = plain.replace(separator, "")
    try:
        value = float(text)
    except ValueError:
        return plain
    return f"{value:g}"
