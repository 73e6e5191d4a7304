"""The files an export is in, and what must be installed to make it."""

from __future__ import annotations

from ymltrain.diagnostics import UsageError
from ymltrain.plan.exports import ExportFormat, missing_for

PREPROCESSING_FILE = "preprocessing.json"
FILES: dict[ExportFormat, str] = {"torch": "program.pt2", "onnx": "model.onnx", "safetensors": "weights.safetensors"}


def check_installed(export_format: ExportFormat) -> None:
    """Raise UsageError (YT895) when a format needs what is not installed."""
    missing = missing_for(export_format)
    if missing:
        raise UsageError("YT895", f"an export to ONNX needs {', '.join(missing)}", "pip install 'ymltrain[onnx]'")
