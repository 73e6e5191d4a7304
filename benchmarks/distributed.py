"""A step of `fit` on two processes against the same model by hand under torchrun: ddp, and fsdp (FSDP2); steps of 20 ms and more.

`distributed.py ddp` or `fsdp` measures one of them. Bound: 1.15 × the time of a step. Each process has one thread.
`distributed.py processor` measures what a step costs all processes in processor time instead, torch elastic's and ours
included: the difference between a long run and a short one. It tells something on a busy machine, too.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from measure import ROOT, compile_sources, report, run

ROUNDS = 3
EPOCHS = 5
SHORT, LONG = 2, 12
FEATURES, WIDTH, LAYERS, BATCH, ROWS = 16, 1024, 4, 256, 2048
RECIPE = f"""\
recipe: 1
name: steps
datasource: rows.parquet
split: {{type: random, train: 1.0, val: 0.0, test: 0.0}}
target: y
model: {{type: mlp, hidden: {[WIDTH] * LAYERS}}}
optimizer: {{type: adamw, lr: 1e-3}}
trainer:
  max_epochs: {EPOCHS}
  batch_size: {BATCH}
  log_every_n_steps: 2
  log_speed: true
  weights: last
  checkpoint: {{every_n_epochs: {LONG}}}
compute: {{accelerator: cpu, devices: 2}}
tracker: []
skew: {{golden_rows: 0}}
"""


def seconds_per_step(run_dir: Path) -> float:
    """The median of what the run recorded, without its first epoch."""
    points = [json.loads(line) for file in sorted((run_dir / "metrics").glob("*.jsonl")) for line in file.read_text().splitlines()]
    return statistics.median(point["value"] for point in points if point["name"] == "speed/step_s" and point["epoch"] > 1)


def ours(folder: str, strategy: str, epochs: int) -> Path:
    """A fit on two processes; its run."""
    command = [sys.executable, "-m", "ymltrain", "fit", str(Path(folder) / "steps.yaml"), "--workspace", folder, "--json"]
    _, printed = run([*command, "--force-stage", "train", f"strategy={strategy}", f"trainer.max_epochs={epochs}"])
    return Path(json.loads(printed)["run_dir"])


def by_hand(strategy: str, epochs: int) -> float:
    """The other side: seconds a step."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    _, printed = run([*launch, str(ROOT / "benchmarks" / "handwritten" / "distributed.py"), strategy, str(epochs)])
    return json.loads(printed.splitlines()[-1])["seconds_per_step"]


def processor_time(train: Callable[[int], object]) -> float:
    """Seconds of all processes a step."""
    spent = []
    for epochs in (SHORT, LONG):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        train(epochs)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return (spent[1] - spent[0]) / ((LONG - SHORT) * (ROWS // BATCH))


def main():
    compile_sources()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    is_of_processor = "processor" in sys.argv[1:]
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        columns = {f"x{number}": random.normal(size=ROWS) for number in range(FEATURES)} | {"y": random.normal(size=ROWS)}
        pl.DataFrame(columns).write_parquet(Path(folder) / "rows.parquet")
        (Path(folder) / "steps.yaml").write_text(RECIPE)
        for strategy in [one for one in sys.argv[1:] if one != "processor"] or ["ddp", "fsdp"]:
            if is_of_processor:
                mine = processor_time(lambda epochs, strategy=strategy: ours(folder, strategy, epochs))
                theirs = processor_time(lambda epochs, strategy=strategy: by_hand(strategy, epochs))
                report(f"{strategy}-step-processor", [(mine, theirs)], bound=1.15)
                continue
            measured = []
            for _ in range(ROUNDS):  # no warm-up: of each run the first epoch does not count
                measured.append((seconds_per_step(ours(folder, strategy, EPOCHS)), by_hand(strategy, EPOCHS)))
                print(f"{strategy}: {measured[-1][0]:.4f} s, {measured[-1][1]:.4f} s", file=sys.stderr, flush=True)
            report(f"{strategy}-step", measured, bound=1.15)


main()
