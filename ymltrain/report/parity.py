"""The comparison of strategies as a person reads it."""

from __future__ import annotations

from ymltrain.fit.parity import Parity
from ymltrain.report.console import draw, tell


def show_parity(parity: Parity) -> None:
    """Losses and gradient norms side by side, then the largest differences."""
    from rich.table import Table

    first = parity.strategies[0]
    headers = [f"loss {name}" for name in parity.strategies] + [f"grad norm {name}" for name in parity.strategies]
    steps = Table("step", *headers, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for values in parity.steps:
        figures = [*(values.loss[name] for name in parity.strategies), *(values.grad_norm[name] for name in parity.strategies)]
        steps.add_row(str(values.step), *(f"{value:.7f}" for value in figures))
    draw(steps)
    tell(f"\nLargest differences from {first}, global batches of {parity.batch_size} rows on {parity.world} devices")
    differences = Table("", "loss (relative)", "grad norm (relative)", "weight", "", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, found in parity.differences.items():
        differences.add_row(name, f"{found.loss:.1e}", f"{found.grad_norm:.1e}", f"{found.weight:.1e}", f"of {found.weight_name}")
    draw(differences)
    word, style = ("equal", "bold green") if parity.is_equal else ("not equal", "bold red")
    tell((f"{word} within {parity.tolerance:g}", style))
