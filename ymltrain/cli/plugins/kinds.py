"""The KIND argument of the verbs about plugins."""

from __future__ import annotations

from ymltrain.diagnostics import UsageError, did_you_mean
from ymltrain.kinds import KINDS


def check_kind(kind: str) -> None:
    """Raises UsageError when there is no such kind."""
    if kind not in KINDS:
        raise UsageError("YT806", f'there is no kind of plugin "{kind}"', did_you_mean(kind, KINDS))
