"""Evidently's data drift preset on two Parquet tables: `python evidently_drift.py REFERENCE CURRENT OUT.json`."""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

reference, current, output = sys.argv[1:]
tables = [pd.read_parquet(path) for path in (reference, current)]
numbers = [name for name in tables[0].columns if pd.api.types.is_numeric_dtype(tables[0][name])]
categories = [name for name in tables[0].columns if name not in numbers]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
sides = [Dataset.from_pandas(table, data_definition=definition) for table in tables]
found = Report([DataDriftPreset()]).run(sides[1], sides[0])
Path(output).write_text(json.dumps(found.dict(), default=str))
