"""Whole fits against a real server: stopped and resumed, and with a server that goes wrong in the middle."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mlflow.tracking import MlflowClient

ROOT = Path(__file__).resolve().parents[3]
YMLTRAIN = [sys.executable, "-m", "ymltrain"]
# the client's own imports warn
pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

RECIPE = """\
recipe: 1
name: penguins
datasource: {root}/recipes/data/penguins.csv
features: {{bill_length_mm: number, island: category}}
target: species
model: linear
trainer: {{max_epochs: {epochs}, log_every_n_steps: 1}}
tracker: [{{type: mlflow, tracking_uri: "{uri}", experiment: "{experiment}"}}]
"""


def write_recipe(folder, uri, experiment, epochs):
    """A recipe whose runs the server follows."""
    (folder / "penguins.yaml").write_text(RECIPE.format(root=ROOT, uri=uri, experiment=experiment, epochs=epochs))


def found_runs(server, experiment):
    """All runs of an experiment."""
    client = MlflowClient(server)
    return client, client.search_runs([client.get_experiment_by_name(experiment).experiment_id])


def tracked(client, run):
    """Every value that the server has: by metric its steps and values in the order of the steps."""
    return {
        name: sorted((value.step, value.value) for value in client.get_metric_history(run.info.run_id, name))
        for name in run.data.metrics
    }


def recorded(folder):
    """The same of the record, read as anybody would."""
    values = {}
    for file in sorted(folder.glob("runs/penguins/*/metrics/*.jsonl")):
        for line in map(json.loads, file.read_text().splitlines()):
            values.setdefault(line["name"], {})[line["step"]] = line["value"]
    return {name: sorted(steps.items()) for name, steps in values.items()}


def test_a_resumed_run_goes_on_in_its_mlflow_run(server, tmp_path):
    """A run that SIGTERM stopped and that was resumed is one MLflow run, finished, with every value and the bundle."""
    write_recipe(tmp_path, server, "resumed", 150)
    process = subprocess.Popen([*YMLTRAIN, "fit", "penguins.yaml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("epoch   3"):
            process.send_signal(signal.SIGTERM)
            break
    process.communicate(timeout=300)
    assert process.returncode == 75
    client, (stopped,) = found_runs(server, "resumed")
    assert stopped.info.status == "KILLED"
    again = [*YMLTRAIN, "fit", "penguins.yaml", "--resume", "--json"]
    done = subprocess.run(again, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    _, (finished,) = found_runs(server, "resumed")
    assert finished.info.run_id == stopped.info.run_id
    assert finished.info.status == "FINISHED"
    assert tracked(client, finished) == recorded(tmp_path)
    (bundle,) = client.list_artifacts(finished.info.run_id)
    contract = client.download_artifacts(finished.info.run_id, f"{bundle.path}/contract.json", str(tmp_path))
    assert Path(contract).read_bytes() == (Path(json.loads(done.stdout)["run_dir"]) / "bundle" / "contract.json").read_bytes()


@pytest.mark.parametrize("fault", ["error", "hang", "die"])
def test_a_server_that_goes_wrong_in_the_middle(server, tmp_path, fault):
    """Training ends well with one warning and a whole record, which exported later fills the very same MLflow run."""
    experiment = f"goes wrong: {fault}"
    proxy = FaultyProxy(server, fault, sound=3)
    try:
        write_recipe(tmp_path, proxy.url, experiment, 5)
        environment = {**os.environ, "MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
        command = [*YMLTRAIN, "fit", "penguins.yaml", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment, timeout=300)
    finally:
        with contextlib.suppress(OSError):
            proxy.end()
    assert proxy.has_failed.is_set()
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("tracker mlflow is switched off") == 1
    values = recorded(tmp_path)
    assert [step for step, _ in values["train/loss"]] == list(range(1, json.loads(done.stdout)["steps"] + 1))
    client, (partly,) = found_runs(server, experiment)
    assert 0 < len(tracked(client, partly)["train/loss"]) < len(values["train/loss"])
    export = [*YMLTRAIN, "runs", "export", "latest", "--to", "mlflow", f"tracking_uri={server}", f"experiment={experiment}"]
    subprocess.run(export, cwd=tmp_path, capture_output=True, text=True, check=True)
    client, (filled,) = found_runs(server, experiment)
    assert filled.info.run_id == partly.info.run_id
    assert filled.info.status == "FINISHED"
    assert tracked(client, filled) == values


BATCHES = "/api/2.0/mlflow/runs/log-batch"
HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "host")


class FaultyProxy(ThreadingHTTPServer):
    """Forwards requests to `server`; from the batch of values after `sound` of them on, every request fails.

    `fault`: `error` answers 500, `hang` never answers, `die` closes its door.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, server: str, fault: str, sound: int) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target = urlsplit(server).netloc
        self.fault = fault
        self._left = sound
        self.has_failed = threading.Event()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fails(self, path: str) -> bool:
        """Whether this request goes wrong."""
        if path.startswith(BATCHES):
            self._left -= 1
        if self._left < 0 and not self.has_failed.is_set():
            self.has_failed.set()
            if self.fault == "die":
                self.socket.close()
        return self.has_failed.is_set()

    def end(self) -> None:
        """Let hanging requests go, and close."""
        self.over.set()
        self.shutdown()
        self.server_close()


class _Forward(BaseHTTPRequestHandler):
    server: FaultyProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.fails(self.path):
            if self.server.fault == "hang":
                self.server.over.wait()
            elif self.server.fault == "error":
                self.send_error(500)
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - as http.server names them

    def log_message(self, *_: object) -> None:
        """Say nothing."""
