"""What the chosen model proposes, laid below all that the recipe writes.

A model may propose sections about training (`optimizer`, `lr_scheduler`, `trainer`) and an encoder for each column type. A
proposal takes the place of the framework's defaults and of nothing else: whatever a layer of the recipe writes wins, key by key,
and a section that the recipe gives another plugin keeps nothing of what was proposed for it.
Without a val split none of it stops early.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ymltrain.catalog.entry import LoadedPlugin
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import Diagnostics, PluginError, Source, Span
from ymltrain.plan.shapes import ColumnType
from ymltrain.recipe.document import Node, Origin, annotate
from ymltrain.recipe.merge import Merge

DEFAULT_ENCODERS: dict[ColumnType, str] = {
    "number": "standard",
    "category": "vocabulary",
    "boolean": "standard",
    "timestamp": "timestamp",
    "text": "words",
    "vector": "vector",
}


def lay_model_defaults(root: Node, request: Request) -> Node:
    """The recipe over the sections that its model proposes."""
    model = _chosen_model(root, request)
    proposed: Mapping[str, Any] = getattr(model.implementation, "defaults", {}) if model is not None else {}
    if model is None or not proposed:
        return root
    written = root.at(("split", "val"))
    if written is not None and written.value == 0 and "trainer" in proposed:  # nothing to stop by
        training = {key: value for key, value in proposed["trainer"].items() if key != "early_stopping"}
        proposed = {**proposed, "trainer": training}
    source = Source(f"model {model.entry.name}", "", ".")
    lowest = annotate(dict(proposed), Node(None, Span(source, 1, 1, 1, 1), None, Origin.DEFAULT))
    merge = Merge(lambda *_: frozenset(), Diagnostics())  # that another plugin drops what was proposed needs no warning
    return merge.over(lowest, root)


def default_encoder(root: Node, column_type: ColumnType, request: Request) -> str:
    """The encoder of a column that the recipe gives none: the model's for columns of its type, else the framework's."""
    model = _chosen_model(root, request)
    own: Mapping[ColumnType, str] = getattr(model.implementation, "encoders", {}) if model is not None else {}
    return own.get(column_type, DEFAULT_ENCODERS[column_type])


def _chosen_model(root: Node, request: Request) -> LoadedPlugin | None:
    """The recipe's model; None when there is none or it cannot be loaded, which linking reports."""
    chosen = root.at(("model", "type"))
    if chosen is None or not isinstance(chosen.value, str) or chosen.value not in request.catalog.names("model"):
        return None
    try:
        return request.catalog.load("model", chosen.value)
    except PluginError:
        return None
