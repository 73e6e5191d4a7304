"""What MLflow loads: a version's bundle behind MLflow's generic `predict`, on pandas tables.

The bundle lies in the MLflow model as it was registered, safetensors and JSON: nothing of it is pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class BundleModel:
    """A bundle that predicts pandas tables."""

    def __init__(self, path: str) -> None:
        from ymltrain import load

        self._predictor = load(path)

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002 - MLflow passes it
        """The columns of `Predictor.predict`, a row for each row; the index is the input's."""
        import pandas as pd
        import polars as pl

        rows = pl.DataFrame({str(name): values_of(model_input[name]) for name in model_input.columns}, strict=False)
        predicted = self._predictor.predict(rows)
        return pd.DataFrame(predicted.to_dict(as_series=False), index=model_input.index)


def values_of(column: pd.Series[Any]) -> list[Any]:
    """Python values, None where pandas has any of its signs for a missing one."""
    return [_plain(value) for value in column.tolist()]


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        value = value.tolist()
    if value is None or isinstance(value, list | tuple):
        return value
    is_missing = type(value).__name__ in ("NAType", "NaTType") or value != value  # noqa: PLR0124 - NaN
    return None if is_missing else value


def _load_pyfunc(data_path: str) -> BundleModel:
    """MLflow's own name for the way in; `data_path` is the bundle's folder."""
    return BundleModel(data_path)
