"""When the value of a column is known: the words of `available_at`, whatever else it says is the name of a column of times."""

from __future__ import annotations

AT_PREDICTION = "prediction"
"""It is known when predictions are asked for; so the recipe says."""

LATER = "later"
"""It is known only afterwards: training has it, serving never does."""

AVAILABLE_AT = (AT_PREDICTION, LATER)


def known_from(available_at: str | None) -> str | None:
    """The column with the time from which a value is known, when `available_at` names one."""
    return None if available_at in (None, *AVAILABLE_AT) else available_at
