"""Where what stands in a recipe: the positions of plugins, lists of plugins and maps of columns.

Short forms, merging and linking all go by these positions, never by what a key happens to be called: a
column may be called `type`.
"""

from __future__ import annotations

from ymltrain.diagnostics import KeyPath

ANY = "*"

PLUGIN_POSITIONS: dict[tuple[str, ...], str] = {
    ("datasource",): "datasource",
    ("split",): "split",
    ("features", ANY, "encoder"): "encoder",
    ("model",): "model",
    ("optimizer",): "optimizer",
    ("lr_scheduler",): "lr_scheduler",
    ("loss",): "loss",
    ("metrics", ANY): "metric",
    ("strategy",): "strategy",
    ("compute", "launcher"): "launcher",
    ("tracker", ANY): "tracker",
    ("registry",): "registry",
    ("tuner",): "tuner",
    ("tuner", "pruner"): "pruner",
}
"""Key path patterns at which a plugin is chosen, and its kind."""

DEFAULT_TYPES = {
    "split": "random",
    "optimizer": "adamw",
    "lr_scheduler": "constant",
    "strategy": "auto",
    "tracker": "tensorboard",
}
"""The plugin of a kind where the recipe chooses none."""

LIST_POSITIONS: tuple[tuple[str, ...], ...] = (
    ("metrics",),
    ("tracker",),
    ("keys",),
    ("extends",),
    ("evaluation", "slices"),
)
"""Positions of lists, where a single entry may stand without its brackets."""

COLUMN_POSITION = ("features", ANY)

SECTIONS = (
    "recipe",
    "name",
    "description",
    "extends",
    "seed",
    "datasource",
    "keys",
    "event_time",
    "split",
    "features",
    "unlisted_columns",
    "target",
    "weight",
    "model",
    "optimizer",
    "lr_scheduler",
    "loss",
    "metrics",
    "evaluation",
    "trainer",
    "strategy",
    "compute",
    "tracker",
    "registry",
    "bundle",
    "skew",
    "tuner",
    "profiles",
)
"""The top-level keys of a recipe, in the order a person reads them."""

REQUIRED_SECTIONS = ("recipe", "name", "datasource", "target", "model")
"""The top-level keys without a default."""


def matches(pattern: tuple[str, ...], path: KeyPath) -> bool:
    """Whether a key path is at a position."""
    return len(pattern) == len(path) and all(part in (ANY, key) for part, key in zip(pattern, path, strict=True))


def plugin_kind_at(path: KeyPath) -> str | None:
    """The kind of plugin chosen at a key path, or None when it is not such a position."""
    for pattern, kind in PLUGIN_POSITIONS.items():
        if matches(pattern, path):
            return kind
    return None


def is_column(path: KeyPath) -> bool:
    """Whether a key path is the entry of a feature column."""
    return matches(COLUMN_POSITION, path)


def is_list(path: KeyPath) -> bool:
    """Whether a list stands at a key path."""
    return any(matches(pattern, path) for pattern in LIST_POSITIONS)
