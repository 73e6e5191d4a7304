"""How a text column writes its times, where that is not ISO 8601: strftime's signs that read every value of it."""

from __future__ import annotations

from itertools import product

import polars as pl

DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
ZONES = ("", " %z", "%z")
OTHERS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y")
LOOKS_LIKE_A_TIME = r"^\s*(?:[A-Za-z]{3,9},?\s+)?\d{1,4}[-./ ]|^\s*[A-Za-z]{3,9}\.?\s+\d{1,2}"


def find_time_formats(text: pl.Series) -> list[str]:
    """The formats that read all of these texts, the usual ones first; several where day and month can be either."""
    first = text.head(1)
    if not first.len() or not first.str.contains(LOOKS_LIKE_A_TIME).all():
        return []
    forms = [*("".join(parts) for parts in product(DATES, CLOCKS, ZONES) if parts[1] or not parts[2]), *OTHERS]
    for few in (first, text.head(100), text):
        forms = [form for form in forms if _reads(few, form)]
    return forms


def _reads(text: pl.Series, form: str) -> bool:
    try:
        return not text.str.to_datetime(form, time_unit="us", strict=False).null_count()
    except pl.exceptions.PolarsError:
        return False
