"""A whole `fit` of the diamonds recipe against the same model written by hand in torch.

Both are whole processes: reading the file, training 5 epochs at batch 256, writing the weights; ours also splits,
validates each epoch, checkpoints, records, tracks, evaluates, bundles and replays golden rows.

Bounds: 2.0 × the wall time; 1.5 × the time of a step in the training loop.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from measure import ROOT, compile_sources, pairs, report, run

ROUNDS = 3
EPOCHS = 5
RECIPE = ROOT / "recipes" / "diamonds.yaml"
DATA = ROOT / "recipes" / "data" / "diamonds.csv"
SETTINGS = [
    f"trainer.max_epochs={EPOCHS}",
    "trainer.early_stopping=",
    "registry=",
    "lr_scheduler=constant",
    "model.norm=none",
]


def seconds_per_step(run_dir: Path) -> float:
    """From the record: the time between the first and the last logged step of each epoch; the median epoch."""
    points: dict[int, list[tuple[int, float]]] = {}
    for file in sorted((run_dir / "metrics").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            point = json.loads(line)
            if point["name"] == "train/loss":
                points.setdefault(point["epoch"], []).append((point["step"], point["time"]))
    return statistics.median((last[1] - first[1]) / (last[0] - first[0]) for first, *_, last in points.values())


def main():
    compile_sources()
    steps: dict[str, list[float]] = {"ours": [], "peer": []}
    rmse: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:

        def ours():
            workspace = tempfile.mkdtemp(dir=folder)  # a workspace that has seen the recipe would train nothing
            command = [sys.executable, "-m", "ymltrain", "fit", str(RECIPE), *SETTINGS, "--workspace", workspace, "--json"]
            seconds, printed = run(command)
            result = json.loads(printed)
            rmse["ours"] = result["metrics"]["test/rmse"]
            steps["ours"].append(seconds_per_step(Path(result["run_dir"])))
            return seconds

        def peer():
            script = str(ROOT / "benchmarks" / "handwritten" / "diamonds.py")
            seconds, printed = run([sys.executable, script, str(DATA), str(Path(folder) / "weights.pt"), str(EPOCHS)])
            result = json.loads(printed)
            rmse["peer"] = result["test_rmse"]
            steps["peer"].append(result["seconds_per_step"])
            return seconds

        measured = pairs(ours, peer, ROUNDS)
    report("fit-whole-process", measured, bound=2.0, rmse=rmse)
    report("fit-step", list(zip(steps["ours"], steps["peer"], strict=True))[1:], bound=1.5)


main()
