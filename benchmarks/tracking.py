"""Tracking against its peers: points written and read, lists of ten thousand runs, and what it costs a fit.

- log: at least 80,000 points a second, under 5 µs for the caller at the median, 5 times TensorBoard's writer and 100 times
  MLflow's default, `log_metric` to SQLite. One value an event. The clock stops when all points are synced to the disk.
- read: a million points in at most 1/8 of TensorBoard's EventAccumulator.
- list: `runs ls` and a filtered top 100 of 10,000 runs under 1 s warm, under 10 s when the index is made, and 10 times faster
  than MLflow's search over SQLite with the same runs, params and metrics in it.
- fit: at most 3 % of a fit's time at a point a step, against the same fit that logs its epochs alone; and the same with
  TensorBoard's view beside the record (tensorboard).

Ratios are medians of sides measured in turn in one run; seconds depend on the machine and are printed, not asserted.

    python benchmarks/tracking.py [log|read|list|fit|tensorboard]...
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import ROOT, mlflow_python, pairs, report, run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from ymltrain.plan.events import MetricsLogged
from ymltrain.record.index import index_file, list_runs, whole_summaries
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.points import read_history
from ymltrain.record.query import parse_filter, sort_runs
from ymltrain.record.ulid import new_ulid

PEERS = ROOT / "benchmarks" / "tracking_peer"
WRITTEN, WRITTEN_BY_MLFLOW = 40_000, 100
READ = 1_000_000
RUNS = 10_000
ROUNDS = 3
FILTER = "metrics.val/rmse<0.5 and params.model.type=mlp"


class Folder:
    """As much of a run as its record needs."""

    def __init__(self, path):
        self.path = path
        self.metrics = path / "metrics"
        self.attempts = path / "attempts"
        path.mkdir(exist_ok=True)


def events(count):
    return [MetricsLogged(step=step, epoch=1, time=1.0 + step, values={"train/loss": 1 / (step + 1)}) for step in range(count)]


def write_ours(folder, logged):
    """Seconds until all is on the disk, and the median microseconds that a caller waits."""
    writer = MetricsWriter(Folder(folder), 1, 0, sys.exit)
    waits = []
    started = time.perf_counter()
    for event in logged:
        before = time.perf_counter_ns()
        writer.append(event)
        waits.append(time.perf_counter_ns() - before)
    writer.close()
    return time.perf_counter() - started, statistics.median(waits) / 1_000


def write_tensorboard(folder, logged):
    started = time.perf_counter()
    writer = EventFileWriter(str(folder))
    for event in logged:
        value = Summary.Value(tag="train/loss", simple_value=event.values["train/loss"])
        writer.add_event(Event(step=event.step, wall_time=event.time, summary=Summary(value=[value])))
    writer.close()
    return time.perf_counter() - started


def timed(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def measure_log(root):
    logged = events(WRITTEN)
    waits = []
    turn = iter(range(1_000))

    def ours():
        seconds, wait = write_ours(root / f"ours-{next(turn)}", logged)
        waits.append(wait)
        return seconds / WRITTEN * 1e6

    def tensorboard():
        return write_tensorboard(root / f"tb-{next(turn)}", logged) / WRITTEN * 1e6

    def mlflow():
        command = [mlflow_python(), PEERS / "mlflow_log.py", f"sqlite:///{root}/mlflow-{next(turn)}.db", WRITTEN_BY_MLFLOW]
        done = subprocess.run([*map(str, command)], cwd=root, check=True, capture_output=True, text=True)
        return float(done.stdout) / WRITTEN_BY_MLFLOW * 1e6

    measured = pairs(ours, tensorboard, ROUNDS)
    rate = 1e6 / statistics.median(mine for mine, _ in measured)
    print(
        f"log: {rate:,.0f} points/s on the disk (bound 80,000), {statistics.median(waits):.2f} µs a point at the median (bound 5)"
    )
    report("log, TensorBoard's writer", measured, 1 / 5, "µs/point", points_per_second=rate, median_us=statistics.median(waits))
    report("log, MLflow's log_metric", pairs(ours, mlflow, ROUNDS), 1 / 100, "µs/point")


def measure_read(root):
    logged = events(READ)
    folder, tb = root / "r", root / "rt"
    write_ours(folder, logged)
    write_tensorboard(tb, logged)

    def ours():
        seconds, history = timed(lambda: read_history(Folder(folder)))
        assert len(history.points) == READ
        return seconds

    def tensorboard():
        seconds, read = timed(lambda: EventAccumulator(str(tb), size_guidance={"scalars": 0}).Reload())
        assert len(read.Scalars("train/loss")) == READ
        return seconds

    report(f"read {READ:,} points", [(ours(), tensorboard()) for _ in range(2)], 1 / 8)


def measure_list(root):
    runs = make_runs(root)
    time.sleep(1.5)  # runs of this second are not remembered
    cold, _ = timed(lambda: list_runs(root))
    assert index_file(root).is_file()
    holds = parse_filter(FILTER)

    def top():
        seconds, found = timed(lambda: whole_summaries(sort_runs([run for run in list_runs(root) if holds(run)], "val/rmse")[:100]))
        assert len(found) == 100
        return seconds

    def whole():
        seconds, found = timed(lambda: whole_summaries(list_runs(root)))  # all of each: MLflow gives no less
        assert len(found) == RUNS
        return seconds

    (root / "runs.jsonl").write_text("".join(json.dumps(run) + "\n" for run in runs))
    command = [mlflow_python(), PEERS / "mlflow_search.py", f"sqlite:///{root}/mlflow.db", root / "runs.jsonl", ROUNDS]
    tops, lists = [top() for _ in range(ROUNDS)], [whole() for _ in range(ROUNDS)]
    done = subprocess.run([*map(str, command)], cwd=root, check=True, capture_output=True, text=True)
    peer = json.loads(done.stdout)
    assert peer["best"] == min(runs, key=lambda run: run["metrics"]["val/rmse"])["run_id"]
    tops, lists = tops + [top() for _ in range(ROUNDS)], lists + [whole() for _ in range(ROUNDS)]
    print(f"list: index of {RUNS:,} runs made in {cold:.2f} s (bound 10)")
    middle = {name: [statistics.median(seconds)] for name, seconds in (("top", tops), ("list", lists))}
    report("list, filtered top 100 (bound 1 s)", list(zip(middle["top"], [statistics.median(peer["top"])], strict=True)), 1 / 10)
    report("list, all runs (bound 1 s)", list(zip(middle["list"], [statistics.median(peer["list"])], strict=True)), 1 / 10)
    command = [sys.executable, "-m", "ymltrain", "runs", "ls"]
    search = ["--filter", FILTER, "--sort", "val/rmse", "--limit", "100"]
    for name, words in (("a filtered top 100", search), ("all runs", [])):
        seconds = statistics.median(run([*command, *words, "--workspace", str(root)])[0] for _ in range(3))
        print(f"list: the whole command takes {seconds:.2f} s for {name}")


def make_runs(root):
    """Runs as a fit leaves them, but for weights: as MLflow shall have them."""
    made = []
    for number in range(RUNS):
        run_id = new_ulid()
        folder = root / "runs" / "bench" / run_id
        (folder / "metrics").mkdir(parents=True)
        (folder / "attempts").mkdir()
        value = (number * 7919 % RUNS) / RUNS
        recipe = {
            "name": "bench",
            "seed": number,
            "model": {"type": "mlp" if number % 4 else "linear", "hidden": [64, 64], "dropout": 0.1, "norm": "layer"},
            "optimizer": {"type": "adamw", "lr": value, "weight_decay": 0.01},
            "trainer": {"max_epochs": 20, "batch_size": 512, "precision": "32-true", "weights": "best"},
            "features": {f"column_{place}": {"type": "number", "encoder": "standard"} for place in range(4)},
        }
        plan = {"seed": number, "digest": "", "recipe": {"composed": {}, "resolved": recipe}}
        (folder / "plan.json").write_text(json.dumps(plan))
        metrics = {f"val/m{i}": value + i for i in range(9)} | {"val/rmse": value}
        parts = ("first", "last", "min", "max", "mean")
        counts = {f"{part}_{unit}": 1 for part in ("last", "min", "max") for unit in ("step", "epoch")}
        aggregates = {name: {**dict.fromkeys(parts, metric), "count": 1, **counts} for name, metric in metrics.items()}
        final = {"status": "done", "ended": "2026-11-25T00:00:00+00:00", "metrics": metrics, "aggregates": aggregates}
        (folder / "final.json").write_text(json.dumps(final))
        line = {"step": 1, "epoch": 1, "time": 1.0}
        lines = (json.dumps({"name": name, "value": metric, **line}) + "\n" for name, metric in metrics.items())
        (folder / "metrics" / "1-0.jsonl").write_text("".join(lines))
        made.append({"run_id": run_id, "params": flat(recipe), "metrics": metrics})
    return made


def flat(node, path=""):
    """Params under their key paths."""
    params = {}
    for key, value in node.items():
        params |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return params


def measure_fit(root):
    compare_fits(root, "fit, the record at a point a step", "tracker=[]")


def measure_tensorboard(root):
    compare_fits(root, "fit, and TensorBoard's view")


def compare_fits(root, name, *settings):
    """Seconds of processor time of whole processes: wall time has more noise than the bound."""
    command = [sys.executable, "-m", "ymltrain", "fit", str(ROOT / "recipes" / "diamonds.yaml"), "--workspace", str(root)]
    command += ["trainer.max_epochs=4", "trainer.early_stopping=", "registry=", "--force-stage", "train"]

    def fit(*more):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, *settings, *more], check=True, capture_output=True, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)

    every, never = "trainer.log_every_n_steps=1", "trainer.log_every_n_steps=1000000"
    report(name, pairs(lambda: fit(every), lambda: fit(never), 5), 1.03)


MEASURES = {
    "log": measure_log,
    "read": measure_read,
    "list": measure_list,
    "fit": measure_fit,
    "tensorboard": measure_tensorboard,
}


def main():
    asked = sys.argv[1:] or list(MEASURES)
    (ROOT / ".cache").mkdir(exist_ok=True)
    for part in asked:
        with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
            MEASURES[part](Path(folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


main()
