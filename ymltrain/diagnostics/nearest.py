"""The name a person probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest_name(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known name nearest to a mistyped one, or None when nothing is as like it as asked (1 is equal)."""
    candidates = {known_name.lower().replace("-", "_"): known_name for known_name in known}
    near = get_close_matches(name.lower().replace("-", "_"), candidates, n=1, cutoff=likeness)
    return candidates[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that offers the nearest name, else lists what there is."""
    names = sorted(set(known))
    near = nearest_name(name, names)
    if near is not None:
        return f'did you mean "{near}"?'
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"one of: {shown}"
