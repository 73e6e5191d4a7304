"""Tracker `mlflow`: a run in an MLflow server, through MLflow's own client."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta
from ymltrain.api import ArtifactWritten, EpochEnded, MetricsLogged, OutgoingModel, Params, RunEvent, TakenModel, plugin

from ymltrain_mlflow.names import LONGEST_TAG, cut, param_text, safe_name

RUN_TAG = "ymltrain.run_id"
MOST_METRICS, MOST_PARAMS = 1_000, 100
FLUSH_SECONDS = 2.0
STATUSES = {"done": "FINISHED", "failed": "FAILED", "preempted": "KILLED", "interrupted": "KILLED"}
# The client's own defaults retry for minutes; a run's end waits for trackers half a minute.
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
# Standard output is for the one document that a command prints.
SILENCE = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


class MlflowParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: mlflow`."""

    tracking_uri: Annotated[str | None, Meta(description="The server; null: as MLFLOW_TRACKING_URI says.")] = None
    experiment: Annotated[str | None, Meta(description="The experiment's name; null: that of the recipe.")] = None
    artifacts: Annotated[bool, Meta(description="Whether to upload the bundle.")] = True
    tags: Annotated[dict[str, str], Meta(description="Tags for each run.")] = {}  # noqa: RUF012 - a Struct copies it


@plugin("tracker", "mlflow", params=MlflowParams)
class MlflowTracker:
    """Sends values every two seconds and after each epoch; a run that resumes goes on in the MLflow run that bears its id."""

    def __init__(self, params: MlflowParams) -> None:
        self._params = params
        self._client: Any = None
        self._run = ""
        self._pending: list[Any] = []
        self._sent_at = -FLUSH_SECONDS  # the first values are sent at once

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:  # noqa: ARG002 - the run's id names it
        self._client = self._connected()
        experiment = self._experiment(self._params.experiment or name)
        self._run = self._found(experiment, run_id) or self._created(experiment, run_id, name)
        self._log_params(params)

    def observe(self, event: RunEvent) -> None:
        if isinstance(event, MetricsLogged):
            self._take(event)
            if len(self._pending) >= MOST_METRICS or time.monotonic() - self._sent_at > FLUSH_SECONDS:
                self._flush()
        elif isinstance(event, EpochEnded):
            self._flush()
        elif isinstance(event, ArtifactWritten) and self._params.artifacts:
            self._flush()
            send = self._client.log_artifacts if event.path.is_dir() else self._client.log_artifact
            send(self._run, str(event.path), safe_name(event.role))

    def finish(self, status: str) -> None:
        self._flush()
        self._client.set_terminated(self._run, STATUSES.get(status, "KILLED"))

    def take_model(self, model: OutgoingModel) -> TakenModel:
        """Register a version in MLflow, beside the run that made it (or a run of its own)."""
        from ymltrain_mlflow.models import push_version

        self._client = self._connected()
        experiment = self._experiment(self._params.experiment or model.name)
        origin = model.run_id or model.digest
        found = self._client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{origin}'", max_results=1)
        run = str(found[0].info.run_id) if found else self._created(experiment, origin, model.name)
        taken = push_version(self._client, run, model)
        self._client.set_terminated(run)
        return taken

    def _connected(self) -> Any:
        for variable, value in (PATIENCE | SILENCE).items():
            os.environ.setdefault(variable, value)
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri=self._params.tracking_uri)

    def _experiment(self, name: str) -> str:
        """The experiment's id. Two runs that make it at once both get it."""
        from mlflow.exceptions import MlflowException

        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        try:
            return str(self._client.create_experiment(name))
        except MlflowException:
            found = self._client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)

    def _found(self, experiment: str, run_id: str) -> str | None:
        """The MLflow run that an earlier attempt made."""
        found = self._client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run_id}'", max_results=1)
        if not found:
            return None
        self._client.update_run(found[0].info.run_id, status="RUNNING")
        return str(found[0].info.run_id)

    def _created(self, experiment: str, run_id: str, name: str) -> str:
        tags = {**self._params.tags, RUN_TAG: run_id, "mlflow.source.name": cut(name, LONGEST_TAG)}
        safe = {safe_name(key): cut(value, LONGEST_TAG) for key, value in tags.items()}
        return str(self._client.create_run(experiment, tags=safe, run_name=cut(f"{name} {run_id[-6:]}", LONGEST_TAG)).info.run_id)

    def _log_params(self, params: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        entries = [Param(safe_name(key), param_text(value)) for key, value in params.items()]
        for first in range(0, len(entries), MOST_PARAMS):
            self._client.log_batch(self._run, params=entries[first : first + MOST_PARAMS])

    def _take(self, event: MetricsLogged) -> None:
        from mlflow.entities import Metric

        at = int(event.time * 1000)
        self._pending += [Metric(safe_name(name), value, at, event.step) for name, value in event.values.items()]

    def _flush(self) -> None:
        self._sent_at = time.monotonic()
        pending, self._pending = self._pending, []
        for first in range(0, len(pending), MOST_METRICS):
            self._client.log_batch(self._run, metrics=pending[first : first + MOST_METRICS])
