"""The record against TensorBoard's writer and reader, and a list of ten thousand runs.

Bounds: writing a point takes at most 1/5 of TensorBoard's time and under 5 µs at the median; reading a million points at
most 1/8 of EventAccumulator's; listing 10,000 runs under 1 s warm and under 10 s when the index is made. Ratios are of
medians measured in turn in one run; seconds depend on the machine and are printed, not asserted.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from ymltrain.plan.events import MetricsLogged
from ymltrain.record.index import index_file, list_runs
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.points import read_history
from ymltrain.record.query import parse_filter, sort_runs

WRITTEN = 20_000
READ = 200_000
RUNS = 10_000
ROUNDS = 3


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
    """Seconds for all, and the median microseconds that a caller waits."""
    writer = MetricsWriter(Folder(folder), 1, 0, print)
    waits = []
    started = time.perf_counter()
    for event in logged:
        before = time.perf_counter_ns()
        writer.append(event)
        waits.append(time.perf_counter_ns() - before)
    seconds = time.perf_counter() - started
    writer.close()
    return seconds, statistics.median(waits) / 1_000


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


def logging(root):
    logged = events(WRITTEN)
    ratios, waits, rates = [], [], []
    for number in range(ROUNDS):
        ours, wait = write_ours(root / f"w{number}", logged)
        peer = write_tensorboard(root / f"wt{number}", logged)
        ratios.append(peer / ours)
        waits.append(wait)
        rates.append(WRITTEN / ours)
    print(
        f"logging: {statistics.median(rates):,.0f} points/s, {statistics.median(waits):.2f} µs a point at the median, "
        f"{statistics.median(ratios):.1f} × TensorBoard's writer (bound 5)"
    )
    return {
        "points_per_second": statistics.median(rates),
        "median_us": statistics.median(waits),
        "ratio": statistics.median(ratios),
    }


def reading(root):
    logged = events(READ)
    folder, tb = root / "r", root / "rt"
    (folder / "metrics").mkdir(parents=True)
    write_ours(folder, logged)
    write_tensorboard(tb, logged)
    pairs = []
    for _ in range(ROUNDS):
        ours, history = timed(lambda: read_history(Folder(folder)))
        peer, accumulated = timed(lambda: EventAccumulator(str(tb), size_guidance={"scalars": 0}).Reload())
        assert len(history.points) == len(accumulated.Scalars("train/loss")) == READ
        pairs.append(ours / peer)
    print(f"reading {READ:,} points: {statistics.median(pairs):.3f} of EventAccumulator's time (bound 0.125)")
    return {"ratio": statistics.median(pairs)}


def listing(root):
    make_runs(root)
    cold, _ = timed(lambda: list_runs(root))
    holds = parse_filter("metrics.val/rmse<0.5 and params.model.type=mlp")
    warm, found = timed(lambda: sort_runs([run for run in list_runs(root) if holds(run)], "val/rmse")[:100])
    print(f"{RUNS:,} runs: index made in {cold:.2f} s (bound 10), filtered top {len(found)} in {warm:.2f} s (bound 1)")
    assert index_file(root).is_file()
    return {"cold": cold, "warm": warm}


def make_runs(root):
    """Runs as a fit leaves them, but for weights: copies of one whose plan and record are real."""
    from ymltrain.record.ulid import new_ulid

    for number in range(RUNS):
        run_id = new_ulid()
        folder = root / "runs" / "bench" / run_id
        (folder / "metrics").mkdir(parents=True)
        (folder / "attempts").mkdir()
        value = (number * 7919 % RUNS) / RUNS
        params = {
            "name": "bench",
            "seed": number,
            "model": {"type": "mlp", "hidden": [64, 64]},
            "optimizer": {"type": "adamw", "lr": value},
        }
        (folder / "plan.json").write_text(
            json.dumps({"seed": number, "digest": "", "recipe": {"composed": {}, "resolved": params}})
        )
        metrics = {f"val/m{i}": value + i for i in range(9)} | {"val/rmse": value}
        (folder / "final.json").write_text(json.dumps({"status": "done", "ended": "2026-11-25T00:00:00+00:00", "metrics": metrics}))
        line = {"value": value, "step": 1, "epoch": 1, "time": 1.0}
        (folder / "metrics" / "1-0.jsonl").write_text("".join(json.dumps({"name": name, **line}) + "\n" for name in metrics))


def main():
    root = Path(tempfile.mkdtemp(prefix="ymltrain-bench-"))
    try:
        document = {"logging": logging(root), "reading": reading(root), "listing": listing(root), "cpus": os.cpu_count()}
        print(json.dumps({"benchmark": "tracking", **document}))
    finally:
        shutil.rmtree(root, ignore_errors=True)


main()
