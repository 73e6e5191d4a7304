"""The error for a loss or weights that became NaN or infinite."""

from __future__ import annotations

from pathlib import Path

from ymltrain.diagnostics import RunError
from ymltrain.run.state import Position


def not_finite(what: str, position: Position, checkpoint: Path | None) -> RunError:
    """Says where training stood and which checkpoint there is."""
    saved = f"the newest complete checkpoint is {checkpoint}" if checkpoint else "no checkpoint was saved before"
    return RunError(
        "YT901",
        f"{what} at step {position.step}, in epoch {position.epoch + 1}; {saved}",
        "lower optimizer.lr, set trainer.gradient_clip_val (1.0 is common), or look for extreme values in the data",
    )
