"""ymltrain: a recipe is source code, ymltrain is its compiler, the Plan is the object file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from ymltrain.bundle.predictor import AnyPredictor

__version__ = "0.1.0"


def load(model: str, *, registry: str | None = None, workspace: str | os.PathLike[str] | None = None) -> AnyPredictor:
    """A model that predicts: `ymltrain.load("diamonds-price@champion").predict(table)`.

    MODEL is name@alias, name@3, name@sha256:…, a run, or a bundle folder; `registry` a folder or URL in place of the
    workspace's own. A table is anything that speaks Arrow: a frame of polars or pandas, a table of pyarrow or duckdb.
    What loads needs torch and none of the libraries that train. Raises YmltrainError.
    """
    from ymltrain.loading import load_model

    return load_model(model, registry=registry, workspace=workspace)
