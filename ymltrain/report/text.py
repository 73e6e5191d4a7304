"""Texts from outside on their way to a person: cleaned, shortened, escaped for a page."""

from __future__ import annotations

import html
from typing import Any

import msgspec

LONGEST_LABEL = 48


def clean(text: str) -> str:
    """The text with what is no Unicode, such as parts of undecodable file names, written out as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def escape(text: str) -> str:
    """The text as HTML content or as the value of an attribute."""
    return html.escape(clean(text), quote=True)


def escape_for_chart(text: str) -> str:
    """The text as plotly.js shows it unchanged: it reads a little markup in every text."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, longest: int = LONGEST_LABEL) -> str:
    """The text cut in its middle when it is too long for a label: both ends tell names apart."""
    text = " ".join(clean(text).split())
    if len(text) <= longest:
        return text
    head = (longest - 1) * 2 // 3
    return f"{text[:head]}…{text[-(longest - 1 - head) :]}"


def json_for_script(value: Any) -> str:
    """JSON that can stand in a `<script>`: no character in it could end the element or begin a comment.

    NaN and infinities become null. U+2028 and U+2029 are escaped since old JavaScript takes them for line ends.
    """
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
