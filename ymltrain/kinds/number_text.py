"""Numbers as text files write them.

Written rules: decimal notation with a point (or another decimal sign), an optional exponent, optional spaces around; `inf`
and `nan` in any case are the infinities and NaN; a number too large for float64 is an infinity. With a sign for
thousands, digits before the decimal sign may stand in groups of three (1,234,567), wholly or not at all; 1,5 is then no
number rather than 15. Digits that begin with a 0 before another digit (0123) are a number here, and look like a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

LEADING_ZERO = r"^\s*[+-]?0\d"


@dataclass(frozen=True)
class NumberNotation:
    """The decimal sign, and the sign between groups of three digits, None where there is none."""

    decimal: str = "."
    thousands: str | None = None

    def read(self, text: pl.Series) -> pl.Series:
        """A text column as Float64; null where a text is no number in this notation."""
        import polars as pl

        return text.to_frame().select(self.number(pl.first())).to_series()

    def number(self, text: pl.Expr) -> pl.Expr:
        """Texts as Float64; null where a text is no number in this notation."""
        import polars as pl

        return self.plain(text).cast(pl.Float64, strict=False)

    def plain(self, text: pl.Expr) -> pl.Expr:
        """Texts with a decimal point and without thousands; null where a text is not in this notation."""
        import polars as pl

        if self.decimal == "." and self.thousands is None:
            return text
        text = pl.when(text.str.contains(self._pattern())).then(text)
        if self.thousands is not None:
            text = text.str.replace_all(self.thousands, "", literal=True)
        return text.str.replace(self.decimal, ".", literal=True) if self.decimal != "." else text

    def _pattern(self) -> str:
        whole = r"\d+"
        if self.thousands is not None:
            whole = rf"(?:\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)"
        point = re.escape(self.decimal)
        return rf"(?i)^\s*[+-]?(?:(?:{whole}(?:{point}\d*)?|{point}\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)\s*$"
