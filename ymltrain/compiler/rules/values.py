"""Rules about what the looked-at values prove already, where a fit would end: a target or a feature that cannot be learned.

A fault that some rows make holds whatever the others are; one that all rows make is reported where the look saw them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ymltrain.compiler.graph import PluginGraph, Target
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.diagnostics import DataError, Diagnostic, KeyPath
from ymltrain.plan.target_faults import (
    DOMAIN_BEGINS_ABOVE,
    Transform,
    no_positive_class,
    no_value,
    one_class,
    undefined_logarithm,
    unknown_weight,
    unlisted_class,
)

if TYPE_CHECKING:
    import polars as pl


def targets_can_be_learned(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The target has values, two classes or more, logarithms where it asks for them, and the labels that the recipe names."""
    target, look = graph.target, graph.look
    if target is None or look is None or any(name not in look.columns for name in target.columns):
        return
    column = "columns" if graph.root.at(("target", "columns")) is not None else "column"
    empty = next(filter(look.is_empty, target.columns), None)
    found: Iterator[tuple[DataError, str]] = iter(())
    if empty is not None:
        found = iter([(no_value(empty, look.total_rows), column)])
    elif target.task == "regression":
        found = _undefined(target, look.sample.get_column(target.name).alias("values"))
    elif target.task in ("classification", "binary", "ordinal"):
        found = _of_labels(target, look.present(target.name), column, is_whole=look.is_whole)
    for error, key in found:
        path: KeyPath = ("target", key)
        yield found_at(graph, error.code, error.message, error.hint, path)


def features_have_values(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A feature has a value in some row, where all rows were seen."""
    look = graph.look
    for column in graph.columns if look is not None else ():
        if look is not None and column.name in look.columns and look.is_empty(column.name):
            message = f'the feature "{column.name}" has no value in any of the {look.total_rows:,} rows'
            hint = "leave the column out (`ignore`), or check how the file writes missing values"
            yield found_at(graph, "YT723", message, hint, column.path)


def _undefined(target: Target, values: pl.Series) -> Iterator[tuple[DataError, str]]:
    transform: Transform = target.transform  # type: ignore[assignment]  # the envelope knows no other
    if transform == "none" or not values.dtype.is_numeric():
        return
    is_wrong = ((values <= DOMAIN_BEGINS_ABOVE[transform]) & (values > float("-inf"))).fill_null(value=False)
    if is_wrong.any():
        first = int(is_wrong.arg_max() or 0)
        yield undefined_logarithm(transform, int(is_wrong.sum()), float(values[first]), first), "transform"


def _of_labels(target: Target, values: pl.Series, column: str, *, is_whole: bool) -> Iterator[tuple[DataError, str]]:
    import polars as pl

    if values.dtype.is_float():
        return  # how a label is written is for the fit to see
    labels = [str(label) for label in values.cast(pl.String).unique(maintain_order=True)]
    if is_whole and len(labels) == 1:
        yield one_class(target.name, labels[0]), column
        return
    if values.dtype != pl.String:
        return
    unlisted = [label for label in labels if target.order is not None and label not in target.order]
    if unlisted:
        yield unlisted_class(target.name, unlisted[0]), "order"
    if not is_whole:
        return
    if target.positive is not None and target.positive not in labels:
        yield no_positive_class(target.name, target.positive, labels), "positive"
    weights = target.class_weights if isinstance(target.class_weights, dict) else {}
    for label in weights:
        if label not in (target.order or labels):
            yield unknown_weight(target.name, label, labels), "class_weights"
