"""The formats a model is exported to, and what must be installed to make them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, TypeAlias

ExportFormat: TypeAlias = Literal["torch", "onnx", "safetensors"]
ONNX_MODULES = ("onnx", "onnxscript", "onnxruntime")


def missing_for(export_format: ExportFormat) -> list[str]:
    """The modules that an export to this format lacks here."""
    return [name for name in ONNX_MODULES if not _is_installed(name)] if export_format == "onnx" else []


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # it is there and forbidden, or half there
        return False
