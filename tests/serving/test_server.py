"""`ymltrain serve` as a process: contract, log, metrics, drain, and an alias that moves under load."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from ymltrain.cli.main import run

DATA = Path(__file__).resolve().parents[2] / "recipes" / "data" / "penguins.csv"
RECIPE = """\
recipe: 1
name: penguins
datasource: {data}
split: hash
features: {{bill_length_mm: number, island: category}}
target: species
model: {{type: linear}}
trainer: {{max_epochs: 1}}
registry: {{type: filesystem, promote: {{alias: champion, gates: []}}}}
"""
ROW = {"bill_length_mm": 41.5, "island": "Biscoe"}

pytestmark = pytest.mark.services


@pytest.fixture
def workspace(tmp_path):
    """Two registered versions; the alias champion is of the second."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(data=DATA))
    assert run(["fit", str(recipe), "--workspace", str(tmp_path)]) == 0
    assert run(["fit", str(recipe), "seed=8", "--workspace", str(tmp_path)]) == 0
    return tmp_path


@pytest.fixture
def serve(workspace):
    """Start a server; it is killed when the test ends."""
    started = []

    def start(*options):
        command = [sys.executable, "-m", "ymltrain", "serve", "penguins@champion", "--port", "0", "--json", *map(str, options)]
        process = subprocess.Popen(
            command,
            cwd=workspace,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        return process, json.loads(text)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def call(url, document=None, path="/predict"):
    """Status and body of a request."""
    body = None if document is None else json.dumps(document).encode()
    for _ in range(100):
        try:
            with urllib.request.urlopen(urllib.request.Request(url + path, body), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_predictions_are_those_of_predict_and_are_logged(serve, workspace):
    """Rows over HTTP give what `predict` gives, and `skew check` calls the log ok."""
    process, document = serve("--log", "logs")
    rows = pl.read_csv(DATA, null_values=["NA"]).select("bill_length_mm", "island").head(120).to_dicts()
    status, body = call(document["url"], {"rows": rows})
    answer = json.loads(body)
    assert (status, len(answer["predictions"]), answer["bundle"]) == (200, 120, document["bundle"])
    for row in rows[:20]:
        assert call(document["url"], row)[0] == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert run(["predict", "penguins@champion", str(DATA), "-o", str(workspace / "p.csv"), "--workspace", str(workspace)]) == 0
    expected = pl.read_csv(workspace / "p.csv").get_column("prediction").head(120).to_list()
    assert [prediction["prediction"] for prediction in answer["predictions"]] == expected
    log = str(workspace / "logs")
    assert run(
        [
            "skew",
            "check",
            "--model",
            "penguins@champion",
            "--log",
            log,
            "--workspace",
            str(workspace),
            "-o",
            str(workspace / "c.json"),
        ]
    ) in (0, 3)
    checked = json.loads((workspace / "c.json").read_text())
    assert checked["rows"] == 140
    assert not [found for found in checked["findings"] if found["kind"] == "engineering_fault"]


def test_a_row_that_breaks_the_contract_is_refused_with_its_fields(serve):
    """422, every field of every row; nothing of it is predicted."""
    _, document = serve()
    status, body = call(document["url"], {"rows": [ROW, {"bill_length_mm": "long"}]})
    assert status == 422
    assert [(found["row"], found["field"]) for found in json.loads(body)["mistakes"]] == [(1, "bill_length_mm"), (1, "island")]
    assert call(document["url"], [1, 2])[0] == 422


def test_health_metrics_and_openapi(serve):
    """What operators and clients ask for."""
    _, document = serve()
    call(document["url"], ROW)
    assert json.loads(call(document["url"], path="/health")[1])["version"] == "penguins@2"
    metrics = call(document["url"], path="/metrics")[1]
    assert re.search(r'ymltrain_requests_total\{status="200"\} 1\.0', metrics)
    schema = json.loads(call(document["url"], path="/openapi.json")[1])
    assert set(schema["components"]["schemas"]["Row"]["properties"]) == set(ROW)


def test_an_alias_that_moves_is_followed_without_a_dropped_request(serve, workspace):
    """Requests go on while the champion changes; each is answered by one version or the other."""
    process, document = serve("--refresh", "0.2")
    answers, failures, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            status, body = call(document["url"], ROW)
            if status != 200:
                failures.append(body)
            answers.add(json.loads(body).get("model"))

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    assert run(["models", "alias", "penguins@1", "champion", "--workspace", str(workspace)]) == 0
    deadline = time.monotonic() + 60
    while "penguins@1" not in answers and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for client in clients:
        client.join()
    assert (answers, failures) == ({"penguins@1", "penguins@2"}, [])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
