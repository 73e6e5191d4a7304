"""Two sets of predictions of one log, for people."""

from __future__ import annotations

from ymltrain.report.console import tell
from ymltrain.report.numbers import figure
from ymltrain.skew.rerun import Rerun


def show_replay(replayed: Rerun) -> None:
    """How predictions differ, and the records that differ most."""
    tell(f"{replayed.rows:,} records through {replayed.left}")
    if not replayed.compared:
        tell(f"nothing to compare with: no record has a prediction of {replayed.right}")
    else:
        tell(f"against {replayed.right}: {replayed.changed:,} of {replayed.compared:,} predictions differ")
    if replayed.mean_change is not None:
        quantiles = ", ".join(f"{level} below {figure(value)}" for level, value in replayed.quantiles.items())
        tell(f"mean change {figure(replayed.mean_change)}, largest {figure(replayed.largest_change)}; {quantiles}")
    for row in replayed.largest[:5] if replayed.changed else ():
        tell(f"  record {row['row']}  {row['request_id'] or ''}  {_shown(row['left'])} against {_shown(row['right'])}")
    if replayed.output is not None:
        tell(f"predictions written to {replayed.output}")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
