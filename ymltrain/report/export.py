"""An export, for people and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ymltrain.export.contract import Preprocessing, Replay
from ymltrain.report.console import tell
from ymltrain.report.numbers import size


def export_document(folder: Path, document: Preprocessing, replayed: Replay) -> dict[str, Any]:
    """The document of `export --json`."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    return {
        "format": document.format,
        "output": str(folder),
        "files": {path.name: path.stat().st_size for path in files},
        "digest": document.digest,
        "inputs": msgspec.to_builtins(document.inputs),
        "outputs": msgspec.to_builtins(document.outputs),
        "golden": msgspec.to_builtins(replayed),
    }


def show_export(folder: Path, document: Preprocessing, replayed: Replay) -> None:
    """What there is, what goes in and comes out, and what the gate saw."""
    path = folder / document.file
    tell((str(path), "bold"), f"  {size(path.stat().st_size)}")
    raw = sum(feature.formula is not None for feature in document.features)
    for array in document.inputs:
        tell(f"  in   {array.name:<14} {array.dtype:<8} {_shape(array.shape):<14} {array.means}")
    for array in document.outputs:
        tell(f"  out  {array.name:<14} {array.dtype:<8} {_shape(array.shape):<14} {array.means}")
    if document.target["task"] == "next_token":
        tell("  texts come in tokens: preprocessing.json holds the tokenizer")
    elif raw < len(document.features):
        tell(f"  {len(document.features) - raw} of {len(document.features)} features come encoded: preprocessing.json says how")
    kinds = ", ".join(f"{count} {kind}" for kind, count in replayed.kinds.items())
    batches = ", ".join(map(str, replayed.batches))
    left_out = f"; {replayed.not_finite} of which the model makes nothing finite left out" if replayed.not_finite else ""
    tell(("held", "green"), f"  {replayed.rows} rows ({kinds}) in batches of {batches}{left_out}")
    difference = f"{replayed.largest_difference:.1e} of {replayed.tolerance:g} allowed"
    chosen = "token" if document.target["task"] == "next_token" else "decision"
    tell(f"      largest difference {difference}, no {chosen} flips")


def _shape(shape: tuple[int | str, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"
