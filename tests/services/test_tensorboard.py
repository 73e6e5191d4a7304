"""What TensorBoard's own server makes of runs: asked over HTTP, as its page asks it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from ymltrain.api import ArtifactWritten, GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged, NoParams
from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker

pytestmark = pytest.mark.services

RUNS = 30
SPREAD = Histogram(edges=(-1.0, 0.0, 1.0), counts=(1, 3), sum=1.0, sum_squares=2.0)
NODES = (
    GraphNode(name="inputs/number", operation="Input", shape=(2, 3)),
    GraphNode(name="layers/0/linear", operation="linear", inputs=("inputs/number",), shape=(2, 8)),
)


def params_of(number):
    """The recipes of a study and of the days after: most values alike, some runs with keys that others lack, and nulls."""
    params = {
        "name": "toy",
        "seed": number % 3,
        "model.type": "mlp" if number % 2 else "linear",
        "optimizer.lr": 10.0 ** -(number % 5),
        "trainer.gradient_clip_val": None if number % 4 else 1.0,
        "model.hidden": [2**number],
        "skew.profile": True,
        'features."a.b".type': "number",
    }
    return (
        params | {f"features.column_{place}.type": "number" for place in range(40)} | ({"only.here": number} if number == 7 else {})
    )


def write_run(folder, number):
    """A run as a fit tracks it; every third has resumed once."""
    run_dir = folder / "runs" / "toy" / f"01ARZ3NDEKTSV4RRFFQ69G5{number:03d}"
    run_dir.mkdir(parents=True)
    picture = run_dir / "evaluation" / "confusion.png"
    picture.parent.mkdir()
    Image.new("RGB", (7, 5), (255, 0, 0)).save(picture)
    for attempt in range(2 if number % 3 == 0 else 1):
        tracker = TensorBoardTracker(NoParams())
        tracker.start(run_dir.name, "toy", run_dir, params_of(number))
        tracker.observe(GraphDrawn(step=0, time=100.0, nodes=NODES))
        for step in range(1 + attempt, 5):
            tracker.observe(MetricsLogged(step=step, epoch=0, time=100.0 + step, values={"train/loss": 1.0 / step}))
        tracker.observe(HistogramsLogged(step=4, epoch=0, time=104.0, values={"weights/a": SPREAD}))
        tracker.observe(MetricsLogged(step=4, epoch=0, time=105.0, values={"test/rmse": float(number)}))
        tracker.observe(ArtifactWritten(path=picture.parent, role="evaluation"))
        tracker.finish("done" if number % 5 else "failed")
    return f"toy/{run_dir.name}/tb"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A workspace of runs, and their names in TensorBoard."""
    folder = tmp_path_factory.mktemp("workspace")
    return folder / "runs", [write_run(folder, number) for number in range(RUNS)]


@pytest.fixture(scope="module", params=["true", "false"], ids=["fast loading", "slow loading"])
def ask(runs, request):
    """Asks a server that shows the workspace, once it has read all of it: with either of its two readers of event files."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder, names = runs
    command = [sys.executable, "-W", "ignore", "-m", "tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1"]
    command += ["--port", str(port), f"--load_fast={request.param}", "--reload_interval", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ask(path, body=None, **query):
        url = f"http://127.0.0.1:{port}/data/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        return json.loads(content) if answer.headers.get_content_type() == "application/json" else content

    deadline = time.monotonic() + 240
    try:
        while True:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            try:
                if set(names) <= {name for name, tags in ask("plugin/scalars/tags").items() if "test/rmse" in tags}:
                    break
            except OSError:  # it does not listen yet
                pass
            time.sleep(0.5)
        yield ask
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_scalars_are_drawn(ask, runs):
    """Each value at its step; a resumed run is one curve."""
    for name in runs[1][:4]:
        points = ask("plugin/scalars/scalars", run=name, tag="train/loss")
        assert [(step, value) for _, step, value in points] == [(step, pytest.approx(1 / step)) for step in range(1, 5)]


def test_histograms_graph_and_pictures_are_drawn(ask, runs):
    """The other tabs have what the run gave."""
    name = runs[1][1]
    ((_, step, buckets),) = ask("plugin/histograms/histograms", run=name, tag="weights/a")
    assert step == 4
    assert sum(count for _, _, count in buckets) == 4
    (image,) = ask("plugin/images/images", run=name, tag="evaluation/confusion", sample=0)
    shown = ask("plugin/images/individualImage", **dict(urllib.parse.parse_qsl(image["query"])))
    assert shown == (runs[0].parent / "runs" / Path(name).parent / "evaluation" / "confusion.png").read_bytes()
    assert ask("plugin/graphs/info")[name]["run_graph"] is True


def test_the_table_of_params_shows_every_run(ask, runs):
    """All runs of the recipe are rows, whatever their params and however they ended, with params and metrics that differ."""
    experiment = ask("plugin/hparams/experiment", body={"experimentName": ""})
    columns = {info["name"] for info in experiment["hparamInfos"]}
    assert {"optimizer.lr", "model.type", "model.hidden", "trainer.gradient_clip_val", "only.here"} <= columns
    wanted = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [{"hparam": column, "includeInResult": True} for column in sorted(columns)]
        + [{"metric": {"group": "", "tag": "test/rmse"}, "includeInResult": True}],
        "startIndex": 0,
        "sliceSize": 1_000,
    }
    answer = ask("plugin/hparams/session_groups", body=wanted)
    groups = {group["name"]: group for group in answer["sessionGroups"]}
    assert set(groups) == {Path(name).parent.name for name in runs[1]}
    for number, name in enumerate(runs[1]):
        group = groups[Path(name).parent.name]
        assert group["hparams"]["optimizer.lr"] == pytest.approx(params_of(number)["optimizer.lr"])
        assert group["hparams"]["model.hidden"] == f"[{2**number}]"
        values = {metric["name"]["tag"]: metric["value"] for metric in group["metricValues"]}
        assert values["test/rmse"] == float(number)
        (session,) = group["sessions"]
        assert session["status"] == ("STATUS_SUCCESS" if number % 5 else "STATUS_FAILURE")
