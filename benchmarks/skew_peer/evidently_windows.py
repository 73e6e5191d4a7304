"""Which columns Evidently's drift preset calls drifted: `python evidently_windows.py REFERENCE WINDOW...`, a JSON list a window."""

import json
import sys
import warnings

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

warnings.simplefilter("ignore")


def drifted(reference: pd.DataFrame, window: pd.DataFrame) -> list[str]:
    """Columns whose drift value is beyond its threshold; a column that is not in both is drifted."""
    common = [name for name in reference.columns if name in window.columns and window[name].notna().any()]
    found = [name for name in reference.columns if name not in common]
    numbers = [name for name in common if all(pd.api.types.is_numeric_dtype(table[name]) for table in (reference, window))]
    categories = [name for name in common if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    sides = [Dataset.from_pandas(table[common], data_definition=definition) for table in (window, reference)]
    for metric in Report([DataDriftPreset()]).run(*sides).dict()["metrics"]:
        config = metric.get("config", {})
        column, threshold, method = config.get("column"), config.get("threshold"), str(config.get("method", ""))
        if column is not None and threshold is not None:
            value = float(metric["value"])
            if (value < threshold) if "p_value" in method else (value >= threshold):
                found.append(column)
    return found


reference = pd.read_parquet(sys.argv[1])
print(json.dumps([drifted(reference, pd.read_parquet(path)) for path in sys.argv[2:]]))
