"""The plugin graph: the chosen plugins with typed params, and what each gives the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ymltrain.catalog.entry import LoadedPlugin
from ymltrain.diagnostics import KeyPath, Span
from ymltrain.kinds import Params
from ymltrain.plan.plan import Edge, TextSpec
from ymltrain.plan.search.spec import SearchSpec
from ymltrain.plan.sections import BundleSection, Compute, Evaluation, Promote, Skew, Trainer
from ymltrain.plan.shapes import ColumnType, Task
from ymltrain.recipe.document import Node

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Resolved:
    """A recipe after interpolation, beside its composed form before it; `belongs` says where each known key may stand."""

    root: Node
    document: Node
    belongs: dict[str, list[KeyPath]]


@dataclass(frozen=True)
class LinkedNode:
    """A plugin chosen by the recipe (or by default), with its params.

    Paths in `params` are relative to the workspace.
    """

    id: str
    plugin: LoadedPlugin
    params: Params
    path: KeyPath
    span: Span | None

    @property
    def kind(self) -> str:
        """The kind of the plugin."""
        return self.plugin.entry.kind

    @property
    def type(self) -> str:
        """The name of the plugin."""
        return self.plugin.entry.name


@dataclass(frozen=True)
class DataLook:
    """What a header and a sample tell of the data: each column's type (None: not a type that can be a feature)."""

    columns: dict[str, ColumnType | None]
    sample: pl.DataFrame
    total_rows: int
    is_exact: bool

    @property
    def is_whole(self) -> bool:
        """Whether the sample is all of the table."""
        return self.is_exact and self.sample.height == self.total_rows

    def present(self, name: str) -> pl.Series:
        """A column's values in the sample but for missing ones, under a neutral name: polars takes some names for patterns."""
        column = self.sample.get_column(name).alias("values")
        return (column.filter(column.is_finite()) if column.dtype.is_float() else column).drop_nulls()

    def is_empty(self, name: str) -> bool:
        """Whether no row of the table has a value in a column, as far as the sample proves it."""
        return self.is_whole and not self.present(name).len()


@dataclass(frozen=True)
class Column:
    """A feature column as the recipe (or `auto`) has it."""

    name: str
    type: ColumnType
    order: tuple[str, ...] | None
    encoder: LinkedNode | None
    path: KeyPath
    span: Span | None
    time_zone: str = "UTC"
    format: str | None = None
    available_at: str | None = None
    serving_default: str | float | bool | None = None


@dataclass(frozen=True)
class Target:
    """What is predicted; type and task are None while neither the recipe nor the data say them."""

    columns: tuple[str, ...]
    type: ColumnType | None
    task: Task | None
    span: Span | None
    transform: str = "none"
    positive: str | None = None
    threshold: float | None = None
    order: tuple[str, ...] | None = None
    class_weights: dict[str, float] | str | None = None
    text: TextSpec | None = None

    @property
    def name(self) -> str:
        """The column, or the columns in one word, for people."""
        return ", ".join(self.columns)


@dataclass(frozen=True)
class PluginGraph:
    """All that the later passes need: nodes by id, edges, the framework's own sections and a look at the data.

    A node that could not be linked is absent; what is wrong with it has been reported.
    """

    resolved: Resolved
    nodes: dict[str, LinkedNode]
    trainer: Trainer | None
    compute: Compute | None
    skew: Skew | None
    bundle: BundleSection | None
    promote: Promote | None
    columns: tuple[Column, ...]
    target: Target | None
    look: DataLook | None = None
    strategy_reason: str = ""
    edges: tuple[Edge, ...] = field(default=())
    search: SearchSpec | None = None
    evaluation: Evaluation | None = None

    @property
    def root(self) -> Node:
        """The resolved recipe."""
        return self.resolved.root

    def of_kind(self, kind: str) -> list[LinkedNode]:
        """All linked nodes of a kind, in recipe order."""
        return [node for node in self.nodes.values() if node.kind == kind]
