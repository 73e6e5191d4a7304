"""Logs points with MLflow's fluent default, `log_metric`, to SQLite. Usage: python mlflow_log.py STORE COUNT; prints seconds."""

import sys
import time

import mlflow

store, count = sys.argv[1:]
mlflow.set_tracking_uri(store)
with mlflow.start_run():
    mlflow.log_metric("warm-up", 0.0)  # the tables are made, which takes seconds and is not counted
    started = time.perf_counter()
    for step in range(int(count)):
        mlflow.log_metric("train/loss", 1 / (step + 1), step=step)
    print(time.perf_counter() - started)
