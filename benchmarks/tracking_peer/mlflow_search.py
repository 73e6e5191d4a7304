"""Searches runs in MLflow's SQLite store, filled with given ones. Usage: python mlflow_search.py STORE RUNS.jsonl ROUNDS.

Each line of RUNS.jsonl is `{"run_id", "params", "metrics"}`. The rows are put into the tables that MLflow has made, since its
own API would take a quarter of an hour; the searches are its own client's. Prints JSON: seconds of each search.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

from mlflow.tracking import MlflowClient

COLUMNS = "run_uuid name source_type source_name user_id status start_time end_time lifecycle_stage artifact_uri experiment_id"
FILTER = "metrics.`val/rmse` < 0.5 and params.`model.type` = 'mlp'"


def fill(database, experiment, runs):
    """One row a run, a param, a metric and its last value, as MLflow's own store writes them."""
    own, params, metrics = [], [], []
    for number, run in enumerate(runs):
        run_id = f"{number:032x}"
        place = f"{experiment}/{run_id}/artifacts"
        own.append((run_id, run["run_id"], "LOCAL", "bench", "root", "FINISHED", 1, 2, "active", place, experiment))
        params += [(key, str(value), run_id) for key, value in run["params"].items()]
        metrics += [(name, value, 1_000, run_id, 1, False) for name, value in run["metrics"].items()]
    insert = "INSERT INTO {} ({}) VALUES ({})"
    for table, columns, rows in (
        (
            "runs",
            COLUMNS,
            own,
        ),
        ("params", "key value run_uuid", params),
        ("metrics", "key value timestamp run_uuid step is_nan", metrics),
        ("latest_metrics", "key value timestamp run_uuid step is_nan", metrics),
    ):
        names = columns.split()
        database.executemany(insert.format(table, ", ".join(names), ", ".join("?" * len(names))), rows)
    database.commit()


def timed(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def main():
    store, file, rounds = sys.argv[1:]
    client = MlflowClient(tracking_uri=store)
    experiment = client.create_experiment("bench")
    runs = [json.loads(line) for line in Path(file).read_text().splitlines()]
    fill(sqlite3.connect(store.removeprefix("sqlite:///")), experiment, runs)
    tops, lists = [], []
    for _ in range(int(rounds)):
        seconds, found = timed(
            lambda: client.search_runs([experiment], FILTER, max_results=100, order_by=["metrics.`val/rmse` ASC"])
        )
        assert len(found) == 100
        assert len(found[0].data.metrics) == len(runs[0]["metrics"])
        tops.append(seconds)
        seconds, found = timed(lambda: client.search_runs([experiment], max_results=50_000))
        assert len(found) == len(runs)
        lists.append(seconds)
    best = min(found, key=lambda run: run.data.metrics["val/rmse"])
    print(json.dumps({"top": tops, "list": lists, "best": best.info.run_name}))


main()
