"""A process that creates model versions in MLflow's SQLite registry. Usage: python mlflow_writer.py STORE SOURCE COUNT."""

import sys

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

store, source, count = sys.argv[1:]
client = MlflowClient(tracking_uri=store, registry_uri=store)
print("ready", flush=True)
sys.stdin.readline()
made = 0
while made < int(count):
    try:
        client.create_model_version("m", source=source, await_creation_for=0)
        made += 1
    except MlflowException:  # it gives up after three lost races; so does nobody who needs the version
        continue
print("done", flush=True)
