"""The tracker against a real server, read back with MLflow's own client."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from ymltrain.api import ArtifactWritten
from ymltrain.testing.tracker import PARAMS, RUN_ID, TrackerKit

from ymltrain_mlflow.names import param_text, safe_name
from ymltrain_mlflow.tracker import RUN_TAG, MlflowParams, MlflowTracker

ROOT = Path(__file__).resolve().parents[3]
# the client's own imports warn
pytestmark = [pytest.mark.services, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]

RECIPE = """\
recipe: 1
name: penguins
datasource: {root}/recipes/data/penguins.csv
features: {{bill_length_mm: number, island: category}}
target: species
model: linear
trainer: {{max_epochs: 2}}
tracker: [{{type: mlflow, tracking_uri: "{uri}", tags: {{team: birds}}}}]
"""


def found_run(server, experiment, run_id=RUN_ID):
    """The one MLflow run of a run of ours."""
    client = MlflowClient(server)
    place = client.get_experiment_by_name(experiment)
    (found,) = client.search_runs([place.experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'")
    return client, found


class TestConformance(TrackerKit):
    """What every tracker must do, done to a server."""

    @pytest.fixture(autouse=True)
    def experiment(self, server, request):
        self.server = server
        self.name = f"kit {request.node.name}"

    def make(self):
        return MlflowTracker(MlflowParams(tracking_uri=self.server, experiment=self.name))

    def read(self, run_dir):  # noqa: ARG002 - the server has it
        client, found = found_run(self.server, self.name)
        return {
            name: sorted((value.step, value.value) for value in client.get_metric_history(found.info.run_id, name))
            for name in found.data.metrics
        }

    def test_takes_every_event(self, tmp_path):
        """Files that an event names are there, as in a run."""
        (tmp_path / "bundle").mkdir()
        (tmp_path / "bundle" / "contract.json").write_text("{}")
        super().test_takes_every_event(tmp_path)


def test_params_tags_and_files_arrive(server, tmp_path):
    """Every param under a name MLflow allows, long ones cut, the bundle as artifacts, the end as a status."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "contract.json").write_text('{"a": 1}')
    tracker = MlflowTracker(MlflowParams(tracking_uri=server, experiment="arrivals", tags={"team": "birds"}))
    tracker.start(RUN_ID, "a run", tmp_path, {**PARAMS, "long": "x" * 10_000, **{f"many.{n}": n for n in range(250)}})
    tracker.observe(ArtifactWritten(path=tmp_path / "bundle", role="bundle"))
    tracker.finish("done")
    client, found = found_run(server, "arrivals")
    assert found.info.status == "FINISHED"
    assert found.data.tags["team"] == "birds"
    assert found.data.params["model.hidden"] == "[128, 64]"
    assert found.data.params["features._a.b_.type"] == "number"
    assert len(found.data.params["long"]) == 6_000
    assert found.data.params["many.249"] == "249"
    (place,) = client.list_artifacts(found.info.run_id, "bundle")
    assert Path(client.download_artifacts(found.info.run_id, place.path, str(tmp_path))).read_text() == '{"a": 1}'


@pytest.mark.slow
def test_a_fit_and_an_export_tell_the_same(server, tmp_path):
    """A run that was tracked as it went, and its record exported afterwards, have the same values in MLflow."""
    (tmp_path / "penguins.yaml").write_text(RECIPE.format(root=ROOT, uri=server))
    run = [sys.executable, "-m", "ymltrain"]
    done = subprocess.run([*run, "fit", "penguins.yaml", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    run_id = json.loads(done.stdout)["run_id"]
    command = [*run, "runs", "export", "latest", "--to", "mlflow", f"tracking_uri={server}", "experiment=exported", "--json"]
    exported = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    one, two = (found_run(server, experiment, run_id)[1].data for experiment in ("penguins", "exported"))
    assert one.metrics == two.metrics
    assert one.params == two.params
    assert json.loads(exported.stdout)["values"] >= len(one.metrics)
    assert one.metrics == pytest.approx({**one.metrics, **json.loads(done.stdout)["metrics"]})


class Refusing(BaseHTTPRequestHandler):
    """A server that answers 500 to everything."""

    def do_GET(self):
        self.send_response(500)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - likewise

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def refusing():
    """The URL of a server that only fails."""
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def hanging():
    """The URL of a server that takes a connection and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["refusing", "hanging", "dead"])
def test_a_bad_server_costs_one_warning(request, tmp_path, kind):
    """A server that answers 500, hangs or is not there: training ends well, one warning, the whole record is there."""
    uri = "http://127.0.0.1:9" if kind == "dead" else request.getfixturevalue(kind)
    (tmp_path / "penguins.yaml").write_text(RECIPE.format(root=ROOT, uri=uri))
    environment = {**os.environ, "MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "ymltrain", "fit", "penguins.yaml", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("tracker mlflow is switched off") == 1
    (record,) = (tmp_path / "runs" / "penguins").glob("*/metrics/1-0.jsonl")
    assert '"test/accuracy"' in record.read_text()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("val/rmse", "val/rmse"),
        ("../x", "__/x"),
        ("/a//b", "a/b"),
        ("é😀", "__"),
        ("", "_"),
        ("a" * 300, "a" * 250),
        ('a."b.c"', "a._b.c_"),
    ],
)
def test_names_become_allowed_ones(name, safe):
    """Whatever a metric is called, MLflow takes the name, and it never leads out of a folder."""
    assert safe_name(name) == safe


def test_params_become_text():
    """Texts stay, other values become JSON."""
    assert [param_text(value) for value in ("a", 1e-3, None, [1, 2], True)] == ["a", "0.001", "null", "[1, 2]", "true"]
