"""A step of `fit` on two processes against the same model by hand under torchrun: ddp, and fsdp (FSDP2); steps of 20 ms and more.

`distributed.py ddp` or `fsdp` measures one of them. Bound: 1.15 × the time of a step. Each process has one thread.
"""

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from measure import ROOT, compile_sources, report, run

ROUNDS = 3
EPOCHS = 5
FEATURES, WIDTH, LAYERS, BATCH, ROWS = 16, 1024, 4, 256, 2048
RECIPE = f"""\
recipe: 1
name: steps
datasource: rows.parquet
split: {{type: random, train: 1.0, val: 0.0, test: 0.0}}
target: y
model: {{type: mlp, hidden: {[WIDTH] * LAYERS}}}
optimizer: {{type: adamw, lr: 1e-3}}
trainer: {{max_epochs: {EPOCHS}, batch_size: {BATCH}, log_every_n_steps: 2, log_speed: true, weights: last}}
compute: {{accelerator: cpu, devices: 2}}
tracker: []
skew: {{golden_rows: 0}}
"""


def seconds_per_step(run_dir: Path) -> float:
    """The median of what the run recorded, without its first epoch."""
    points = [json.loads(line) for file in sorted((run_dir / "metrics").glob("*.jsonl")) for line in file.read_text().splitlines()]
    return statistics.median(point["value"] for point in points if point["name"] == "speed/step_s" and point["epoch"] > 1)


def main():
    compile_sources()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        columns = {f"x{number}": random.normal(size=ROWS) for number in range(FEATURES)} | {"y": random.normal(size=ROWS)}
        pl.DataFrame(columns).write_parquet(Path(folder) / "rows.parquet")
        recipe = Path(folder) / "steps.yaml"
        recipe.write_text(RECIPE)
        for strategy in sys.argv[1:] or ("ddp", "fsdp"):

            def ours(strategy=strategy):
                command = [sys.executable, "-m", "ymltrain", "fit", str(recipe), f"strategy={strategy}", "--workspace", folder]
                _, printed = run([*command, "--json", "--force-stage", "train"])
                return seconds_per_step(Path(json.loads(printed)["run_dir"]))

            def peer(strategy=strategy):
                script = str(ROOT / "benchmarks" / "handwritten" / "distributed.py")
                launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
                _, printed = run([*launch, script, strategy, str(EPOCHS)])
                return json.loads(printed.splitlines()[-1])["seconds_per_step"]

            measured = []
            for _ in range(ROUNDS):  # no warm-up: of each run the first epoch does not count
                measured.append((ours(), peer()))
                print(f"{strategy}: {measured[-1][0]:.4f} s, {measured[-1][1]:.4f} s", file=sys.stderr, flush=True)
            report(f"{strategy}-step", measured, bound=1.15)


main()
