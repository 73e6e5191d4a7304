"""Rules about what a bundle is exported to."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at, listed
from ymltrain.diagnostics import Diagnostic
from ymltrain.plan.exports import missing_for


def exports_can_be_made(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """What a format of the bundle's exports needs is installed."""
    for index, export_format in enumerate(graph.bundle.exports if graph.bundle is not None else ()):
        missing = missing_for(export_format)
        if missing:
            message = f"an export to {export_format} needs {listed(missing)}"
            yield found_at(graph, "YT669", message, "pip install 'ymltrain[onnx]'", ("bundle", "exports", index))
