"""TensorBoard's HParams view of a study, asked of a real server as its page asks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.services


@contextmanager
def tensorboard(folder):
    """A server over a folder of event files; ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/data"
    finally:
        process.kill()
        process.wait()


def ask(url, body=None):
    """What the server answers, once it does."""
    data = None if body is None else json.dumps(body).encode()
    for _ in range(600):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within a minute")


def sessions(url, metrics, runs):
    """The rows of the HParams table, once all runs are loaded."""
    body = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [{"metric": {"group": "tb", "tag": metric}} for metric in metrics],
        "startIndex": 0,
        "sliceSize": 100,
    }
    for _ in range(600):
        if len(ask(f"{url}/runs")) >= runs:
            groups = ask(f"{url}/plugin/hparams/session_groups", body)["sessionGroups"]
            if len(groups) >= runs:
                return groups
        time.sleep(0.1)
    raise AssertionError("the runs were not loaded within a minute")


def test_the_view_of_hyperparameters_shows_the_study(searched):
    """Each trial is a row with its params, its state, and the metric that was searched for, as `tune` reports it."""
    place, document = searched
    (study,) = place.studies()
    with tensorboard(study / "tb") as url:
        rows = sessions(url, ["val/loss", "best/val/loss"], len(document["trials"]))
        experiment = ask(f"{url}/plugin/hparams/experiment", {"experimentName": ""})
    columns = {info["name"]: info.get("type") for info in experiment["hparamInfos"]}
    assert set(columns) == {"optimizer.lr", "model.hidden", "state"}
    assert columns["optimizer.lr"] == "DATA_TYPE_FLOAT64"
    assert {"val/loss", "best/val/loss"} <= {info["name"]["tag"] for info in experiment["metricInfos"]}
    shown = {row["sessions"][0]["name"].partition("/")[0]: row for row in rows}
    for trial in document["trials"]:
        row = shown[f"trial-{trial['trial']:04}"]
        assert row["hparams"]["optimizer.lr"] == pytest.approx(trial["params"]["optimizer.lr"])
        assert json.loads(row["hparams"]["model.hidden"]) == trial["params"]["model.hidden"]
        assert row["hparams"]["state"] == "complete"
        assert row["sessions"][0]["status"] == "STATUS_SUCCESS"
        values = {metric["name"]["tag"]: metric["value"] for metric in row["metricValues"]}
        assert values["best/val/loss"] == pytest.approx(trial["value"], rel=1e-6)
        assert values["val/loss"] == pytest.approx(trial["values"][-1], rel=1e-6)
