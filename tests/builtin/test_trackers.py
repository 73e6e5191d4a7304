from __future__ import annotations

import io
import json
import math
import signal
import subprocess
import sys

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.plugins.hparams.api_pb2 import Status

from ymltrain.api import ArtifactWritten, GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged, NoParams
from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker

TRACK_UNTIL_KILLED = """
import itertools, sys
from pathlib import Path
from ymltrain.api import ArtifactWritten, GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged, NoParams
from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker
tracker = TensorBoardTracker(NoParams())
tracker.start("id", "name", Path(sys.argv[1]), {})
for step in itertools.count(1):
    tracker.observe(MetricsLogged(step=step, epoch=0, time=1.0 + step, values={"a": float(step)}))
    print(step, flush=True)
"""


def track(run_dir, steps, value=1.0, status="done", params=None):
    """One attempt of a run."""
    tracker = TensorBoardTracker(NoParams())
    tracker.start("01ARZ3NDEKTSV4RRFFQ69G5FAV", "toy", run_dir, params or {})
    for step in steps:
        tracker.observe(MetricsLogged(step=step, epoch=0, time=100.0 + step, values={"train/loss": value}))
    tracker.finish(status)


def observe(run_dir, *events):
    """A run in which this happens."""
    tracker = TensorBoardTracker(NoParams())
    tracker.start("01ARZ3NDEKTSV4RRFFQ69G5FAV", "toy", run_dir, {})
    for event in events:
        tracker.observe(event)
    tracker.finish("done")


def read(run_dir):
    """What TensorBoard itself reads."""
    return EventAccumulator(str(run_dir / "tb"), size_guidance={"scalars": 0}).Reload()


def hparams(run_dir):
    """What TensorBoard's table of params would read, by tag."""
    content = read(run_dir).summary_metadata
    return {
        tag: plugin_data_pb2.HParamsPluginData.FromString(content[tag].plugin_data.content)
        for tag in (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG)
    }


def test_scalars_keep_step_value_and_time(tmp_path):
    """Each value carries the optimizer step and the time at which it was logged."""
    track(tmp_path, [10, 20], 0.5)
    events = read(tmp_path).Scalars("train/loss")
    assert [(event.step, event.value, event.wall_time) for event in events] == [(10, 0.5, 110.0), (20, 0.5, 120.0)]


def test_a_nan_is_a_nan(tmp_path):
    """A diverged loss is shown as what it is."""
    track(tmp_path, [1], math.nan)
    assert math.isnan(read(tmp_path).Scalars("train/loss")[0].value)


def test_histograms_are_read_back(tmp_path):
    """Weights and gradients are TensorBoard's own histograms: edges, counts and sums."""
    spread = Histogram(edges=(-1.0, 0.0, 1.0), counts=(1, 3), sum=1.5, sum_squares=2.0)
    observe(tmp_path, HistogramsLogged(step=4, epoch=1, time=104.0, values={"weights/a": spread}))
    (event,) = read(tmp_path).Histograms("weights/a")
    value = event.histogram_value
    assert (event.step, value.min, value.max, value.num, value.sum, value.sum_squares) == (4, -1.0, 1.0, 4.0, 1.5, 2.0)
    assert value.bucket_limit == [0.0, 1.0]
    assert value.bucket == [1.0, 3.0]


def test_the_graph_is_read_back(tmp_path):
    """Each operation is a node with its inputs and the shape it gives."""
    nodes = (
        GraphNode(name="inputs/number", operation="Input", shape=(2, 3)),
        GraphNode(name="layers/0/linear", operation="linear", inputs=("inputs/number",), shape=(2, 8)),
    )
    observe(tmp_path, GraphDrawn(step=0, time=100.0, nodes=nodes))
    graph = read(tmp_path).Graph()
    assert [(node.name, node.op, list(node.input)) for node in graph.node] == [
        ("inputs/number", "Input", []),
        ("layers/0/linear", "linear", ["inputs/number"]),
    ]
    (shape,) = graph.node[1].attr["_output_shapes"].list.shape
    assert [dim.size for dim in shape.dim] == [2, 8]


def test_pictures_among_the_files_are_shown(tmp_path):
    """A picture that the run writes is an image at the last step; a file that only looks like one is passed over."""
    folder = tmp_path / "evaluation"
    (folder / "test").mkdir(parents=True)
    Image.new("RGB", (7, 5), (255, 0, 0)).save(folder / "test" / "confusion.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "numbers.json").write_text("{}")
    observe(
        tmp_path,
        MetricsLogged(step=9, epoch=1, time=100.0, values={"a": 1.0}),
        ArtifactWritten(path=folder, role="evaluation"),
    )
    accumulated = read(tmp_path)
    assert accumulated.Tags()["images"] == ["evaluation/test/confusion"]
    (image,) = accumulated.Images("evaluation/test/confusion")
    assert (image.step, image.width, image.height) == (9, 7, 5)
    assert image.encoded_image_string == (folder / "test" / "confusion.png").read_bytes()


def evaluation(**found):
    """An evaluation as a bundle has it."""
    curve = {
        "label": "yes",
        "bins": [{"rows": 5, "predicted": 0.1, "observed": 0.2}, {"rows": 5, "predicted": 0.9, "observed": 0.7}],
    }
    table = {"label": None, "classes": ["no", "a name that is long for a label"], "counts": [[8, 2], [0, 0]]}
    residuals = {"edges": [-1.0, 0.0, 1.0], "counts": [3, 4], "bins": []}
    return {"evaluation": 1, "part": "test", "confusion": [table], "calibration": [curve], "residuals": residuals, **found}


def test_the_charts_of_the_evaluation_are_shown(tmp_path):
    """A bundle's evaluation is drawn: confusion, calibration and residuals, as pictures that TensorBoard opens."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "evaluation.json").write_text(json.dumps(evaluation()))
    observe(tmp_path, ArtifactWritten(path=bundle, role="bundle"))
    accumulated = read(tmp_path)
    assert accumulated.Tags()["images"] == ["test/confusion", "test/calibration", "test/residuals"]
    for tag in accumulated.Tags()["images"]:
        (shown,) = accumulated.Images(tag)
        with Image.open(io.BytesIO(shown.encoded_image_string)) as picture:
            assert picture.size == (shown.width, shown.height)
            assert len(set(picture.get_flattened_data())) > 3
    with Image.open(io.BytesIO(accumulated.Images("test/confusion")[0].encoded_image_string)) as picture:
        right, wrong = picture.getpixel((112, 112)), picture.getpixel((168, 112))
    assert sum(right) < sum(wrong) < 3 * 255


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"part": "test", "confusion": 3}'])
def test_an_evaluation_of_another_kind_is_passed_over(tmp_path, content):
    """What cannot be drawn costs no picture beside it, and not the tracker."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "evaluation.json").write_text(content)
    Image.new("RGB", (7, 5)).save(bundle / "own.png")
    observe(tmp_path, ArtifactWritten(path=bundle, role="bundle"))
    assert read(tmp_path).Tags()["images"] == ["bundle/own"]


def test_params_reach_the_table(tmp_path):
    """Numbers, texts and flags come as such; lists and nulls as JSON, for TensorBoard hides a run with a null."""
    params = {"optimizer.lr": 0.1, "model.type": "mlp", "skew.profile": True, "model.hidden": [8, 4], "watch": None}
    track(tmp_path, [1], params=params)
    shown = hparams(tmp_path)[metadata.SESSION_START_INFO_TAG].session_start_info
    assert shown.group_name == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert shown.hparams["optimizer.lr"].number_value == 0.1
    assert shown.hparams["model.type"].string_value == "mlp"
    assert shown.hparams["skew.profile"].bool_value is True
    assert shown.hparams["model.hidden"].string_value == "[8, 4]"
    assert shown.hparams["watch"].string_value == "null"


@pytest.mark.parametrize(
    ("status", "shown"),
    [("done", Status.STATUS_SUCCESS), ("failed", Status.STATUS_FAILURE), ("preempted", Status.STATUS_UNKNOWN)],
)
def test_the_end_reaches_the_table(tmp_path, status, shown):
    """TensorBoard's own status follows the run's."""
    track(tmp_path, [1], status=status)
    assert hparams(tmp_path)[metadata.SESSION_END_INFO_TAG].session_end_info.status == shown


def test_a_resumed_run_replaces_what_lies_beyond_its_checkpoint(tmp_path):
    """Values of the killed attempt at the steps that are run again are gone; those before them stay."""
    track(tmp_path, [10, 20, 30, 40], 1.0)
    track(tmp_path, [30], 2.0)
    assert [(event.step, event.value) for event in read(tmp_path).Scalars("train/loss")] == [(10, 1.0), (20, 1.0), (30, 2.0)]


def test_attempts_are_read_in_their_order(tmp_path):
    """Many attempts within one second are read in the order in which they ran."""
    for number in range(8):
        track(tmp_path, [number, number + 1], float(number))
    values = [event.value for event in read(tmp_path).Scalars("train/loss")]
    assert values == [*map(float, range(8)), 7.0]


def test_a_killed_run_loses_no_value(tmp_path):
    """After `kill -9` every value the process had logged can be read."""
    process = subprocess.Popen([sys.executable, "-c", TRACK_UNTIL_KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    acknowledged = [int(process.stdout.readline()) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    acknowledged += map(int, process.communicate()[0].splitlines())
    events = read(tmp_path).Scalars("a")
    assert [event.step for event in events][: len(acknowledged)] == acknowledged


def test_tracking_imports_neither_torch_nor_tensorflow(tmp_path):
    """A whole attempt is tracked without them; fit's start-up has no second to spare."""
    program = (
        "import sys; from pathlib import Path; from ymltrain.api import *;"
        "from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker as T; t = T(NoParams());"
        "t.start('id', 'name', Path(sys.argv[1]), {'a': 1}); t.observe(MetricsLogged(step=1, epoch=0, time=1.0, values={'a': 1.0}));"
        "t.finish('done'); print([name for name in ('torch', 'tensorflow', 'lightning') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
