"""A process that creates model versions in MLflow's SQLite registry. Usage: mlflow_writer.py STORE ROOT COUNT row|whole.

`whole` is a version as MLflow's users make them: a run with the metric and the three files, and the version that points to it.
`row` is the version alone, which points to files that nobody stores.
"""

import os
import sys
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from small_bundle import write_bundle


def create_version(client, source, run_id=None):
    """One version; MLflow gives up after three lost races, and nobody who needs the version does."""
    while True:
        try:
            return client.create_model_version("m", source=source, run_id=run_id, await_creation_for=0)
        except MlflowException:
            continue


def main():
    store, root, count, what = sys.argv[1:]
    client = MlflowClient(tracking_uri=store, registry_uri=store)
    bundle = Path(root) / f"mlflow-{os.getpid()}"
    bundle.mkdir()
    experiment = client.get_experiment_by_name("bench").experiment_id
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        if what == "row":
            create_version(client, f"file://{root}")
            continue
        write_bundle(bundle)
        run = client.create_run(experiment)
        client.log_metric(run.info.run_id, "test/rmse", 1.0)
        client.log_artifacts(run.info.run_id, str(bundle))
        create_version(client, run.info.artifact_uri, run.info.run_id)
    print("done", flush=True)


main()
