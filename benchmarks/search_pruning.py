"""How many epochs `asha` needs to reach what a random search without a pruner found on the diamonds recipe.

For each seed a random search trains every trial to its last epoch. A second one of the same seed meets the same points, with
`asha`, and ends when a complete trial is as good as the first one's best. Counted are the epochs of all trials, from the
journals. Bound: at most half of them, median of 5 seeds.

    python benchmarks/search_pruning.py [--seeds 5] [--trials 27] [--epochs 9]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import ROOT

RECIPE = """\
recipe: 1
extends: [{root}/recipes/diamonds.yaml]
name: pruning
lr_scheduler: constant
tracker: []
trainer: {{max_epochs: {epochs}, batch_size: 1024, early_stopping: null}}
tuner:
  type: random
  metric: val/rmse
  max_trials: {trials}
  space:
    optimizer.lr: {{loguniform: [1e-5, 1e-1]}}
    optimizer.weight_decay: {{loguniform: [1e-6, 1e-1]}}
    model.hidden: {{choice: [[16], [64], [64, 64], [128, 64]]}}
    model.dropout: {{uniform: [0.0, 0.6]}}
"""
PATIENCE = 4
"""The pruned search may start so many times as many trials."""


def searched(workspace, *overrides):
    """The best value of a search, and the epochs that it trained."""
    command = [sys.executable, "-m", "ymltrain", "tune", "pruning.yaml", "--json", *overrides]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    document = json.loads(done.stdout)
    return document["best"]["value"], sum(trial["epochs"] for trial in document["trials"])


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--trials", type=int, default=27)
    asked.add_argument("--epochs", type=int, default=9)
    arguments = asked.parse_args()
    shares = []
    for seed in range(1, arguments.seeds + 1):
        with tempfile.TemporaryDirectory() as name:
            workspace = Path(name)
            (workspace / "pruning.yaml").write_text(RECIPE.format(root=ROOT, epochs=arguments.epochs, trials=arguments.trials))
            best, whole = searched(workspace, f"seed={seed}")
            pruned = (f"seed={seed}", "tuner.pruner=asha", f"tuner.stop.value={best!r}")
            reached, epochs = searched(workspace, *pruned, f"tuner.max_trials={PATIENCE * arguments.trials}")
        has_reached = reached <= best
        shares.append(epochs / whole if has_reached else float("inf"))
        print(
            f"seed {seed}: val/rmse {best:.1f} after {whole} epochs; asha {reached:.1f} after {epochs} ({shares[-1]:.2f})",
            flush=True,
        )
    print(f"search-pruning: asha reaches it in {statistics.median(shares):.2f} of the epochs, median of {len(shares)} (bound 0.5)")
    print(json.dumps({"benchmark": "search-pruning", "shares": shares, "median": statistics.median(shares), "bound": 0.5}))


main()
