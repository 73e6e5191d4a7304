"""What others make of the same windows: scipy's tests with a correction, and Evidently's drift preset.

They see what a monitor of features sees: raw inputs and features as served, beside rows of the training table. A test of each
column alarms when any column does; those of scipy are held to one false alarm in a hundred windows by the correction of Holm.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import chi2_contingency, ks_2samp

ALARMS = 0.01
PEER = Path(__file__).resolve().parents[1] / "skew_peer" / "evidently_windows.py"


def window_table(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Inputs and served features of records as columns: numbers as Float64, anything else as text."""
    columns: dict[str, list[Any]] = {}
    for part in ("inputs", "features"):
        names = dict.fromkeys(name for record in records for name in record[part])
        for name in names:
            columns[f"{part}.{name}"] = [_first(record[part].get(name)) for record in records]
    return pl.DataFrame({name: _series(values) for name, values in columns.items()})


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _series(values: list[Any]) -> pl.Series:
    if all(value is None or isinstance(value, int | float) for value in values):
        return pl.Series(values=[None if value is None else float(value) for value in values], dtype=pl.Float64)
    return pl.Series(values=[None if value is None else str(value) for value in values], dtype=pl.String)


def scipy_alarms(reference: pl.DataFrame, window: pl.DataFrame) -> set[str]:
    """Columns that a KS test (numbers) or a chi-square test (the rest) calls changed, with Holm's correction."""
    p_values = {name: _p_value(reference.get_column(name), window.get_column(name)) for name in window.columns if name in reference}
    changed: set[str] = set()
    for position, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        if p_values[name] > ALARMS / (len(p_values) - position):
            break
        changed.add(name)
    return changed


def _p_value(was: pl.Series, now: pl.Series) -> float:
    if was.dtype == pl.Float64 and now.dtype == pl.Float64:
        numbers = [column.drop_nulls().to_numpy() for column in (was, now)]
        numbers = [values[np.isfinite(values)] for values in numbers]
        return float(ks_2samp(*numbers).pvalue) if all(values.size for values in numbers) else 0.0
    texts = [column.cast(pl.String).fill_null("(missing)").value_counts() for column in (was, now)]
    counts = [dict(found.iter_rows()) for found in texts]
    names = sorted(counts[0].keys() | counts[1].keys())
    table = np.array([[found.get(name, 0) for name in names] for found in counts])
    return float(chi2_contingency(table).pvalue) if len(names) > 1 else 1.0


def evidently_alarms(python: str, reference: Path, windows: Sequence[Path]) -> list[set[str]]:
    """Columns that Evidently's preset calls drifted, of each window."""
    command = [python, str(PEER), str(reference), *map(str, windows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [set(found) for found in json.loads(done.stdout.splitlines()[-1])]
