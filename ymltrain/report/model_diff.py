"""Two versions side by side: only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ymltrain.bundle.difference import Difference, LayerDistance
from ymltrain.report.console import draw, tell
from ymltrain.report.numbers import figure

LONGEST = 48


def show_diff(names: tuple[str, str], differences: Sequence[Difference], layers: Sequence[LayerDistance]) -> None:
    """A table of what differs, and one of the weights."""
    from rich.table import Table

    if not differences:
        tell("nothing but the weights can differ: contract, params, metrics and files are the same")
    else:
        table = Table("part", "what", *names, box=None, pad_edge=False)
        for found in differences:
            table.add_row(found.part, found.what, _short(found.was), _short(found.now))
        draw(table)
    moved = [layer for layer in layers if layer.distance != 0]
    if not moved:
        tell("weights: all tensors are equal")
        return
    table = Table("tensor", "shape", "distance", "relative", "largest change", box=None, pad_edge=False)
    for layer in moved:
        shape = " → ".join(str(list(shape)) if shape is not None else "none" for shape in dict.fromkeys(layer.shapes))
        table.add_row(layer.name, shape, figure(layer.distance), figure(layer.relative), figure(layer.largest))
    draw(table)
    if len(moved) < len(layers):
        tell(f"{len(layers) - len(moved)} more tensors are equal")


def _short(value: Any) -> str:
    text = figure(value) if isinstance(value, float) else "—" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
