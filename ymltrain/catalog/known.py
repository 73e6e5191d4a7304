"""Names that ymltrain knows of and this installation may not have: what to say when a recipe uses one."""

from __future__ import annotations

DISTRIBUTIONS: dict[tuple[str, str], str] = {
    ("datasource", "feather"): "ymltrain-feather",
    ("datasource", "sql"): "ymltrain-sql",
    ("tuner", "optuna"): "ymltrain-optuna",
    ("tracker", "mlflow"): "ymltrain-mlflow",
}
"""Plugins that come in distributions of their own."""

NOT_YET: frozenset[tuple[str, str]] = frozenset(
    {
        *(("launcher", name) for name in ("slurm", "kubernetes", "ray")),
    }
)
"""Plugins of the recipe language that no released distribution brings yet."""
