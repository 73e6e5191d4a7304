"""A whole `fit` of diamonds against Ludwig 0.17.10 with the same network, optimizer, batch, epochs and rows; two processes.

Ludwig lives in an environment of its own, `.cache/ludwig` (or `--ludwig PYTHON`):

    python3.12 -m venv .cache/ludwig
    .cache/ludwig/bin/python -m pip install ludwig==0.17.10 torch==2.13.0 torchvision==0.28.0

Beside a torch for the CPU alone, torchaudio's compiled operators do not load, and it does without when they are not there:
delete `torchaudio/lib/*.so` from it; those of torchvision are left out by `handwritten/ludwig_cpu.py`, which starts Ludwig. In a
Python 3.11, install Ludwig by `--no-deps --ignore-requires-python` and then what it depends on: it asks for 3.12, and runs.

Both train 5 epochs of batch 256 with AdamW on two layers of 128, validate each epoch, and save the model. Ours also
evaluates, bundles and replays golden rows; Ludwig also measures train and test after each epoch, as it does by default. Its
predictions for the test rows come from `ludwig predict`, which is not timed. Categories are embedded by each side's own default.

Bound: a third of Ludwig's time; the test RMSE is no worse beyond what seeds scatter.
"""

import argparse
import csv
import json
import math
import resource
import sys
import tempfile
from pathlib import Path

from measure import ROOT, compile_sources, run

EPOCHS = 5
BATCH = 256
NUMBERS = ["carat", "depth", "table", "x", "y", "z"]
CATEGORIES = ["cut", "color", "clarity"]
PARTS = ("train", "val", "test")
STARTER = str(ROOT / "benchmarks" / "handwritten" / "ludwig_cpu.py")


def cut(seed, folder):
    """Diamonds with the part of each row, by name for us and by number for Ludwig; and the test rows alone."""
    import numpy as np

    with (ROOT / "recipes" / "data" / "diamonds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    order = np.random.default_rng(seed).permutation(len(rows))
    for place, row in enumerate(order):
        part = 0 if place < 0.8 * len(rows) else 1 if place < 0.9 * len(rows) else 2
        rows[row] |= {"part": PARTS[part], "split": part}
    for name, kept in (("all.csv", rows), ("test.csv", [row for row in rows if row["split"] == 2])):
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(kept)


def our_recipe(seed, folder):
    """What we train, as a file."""
    recipe = {
        "recipe": 1,
        "name": "diamonds",
        "seed": seed,
        "datasource": {"type": "csv", "path": str(folder / "all.csv")},
        "split": {"type": "column", "column": "part"},
        "features": dict.fromkeys(NUMBERS, "number") | dict.fromkeys(CATEGORIES, "category"),
        "target": "price",
        "model": {"type": "mlp", "hidden": [128, 128], "norm": "none"},
        "optimizer": {"type": "adamw", "lr": 1e-3},
        "trainer": {"max_epochs": EPOCHS, "batch_size": BATCH},
        "metrics": ["rmse"],
    }
    path = folder / "ours.yaml"
    path.write_text(json.dumps(recipe))  # JSON is YAML
    return path


def their_config(folder):
    """What Ludwig trains, as a file."""
    config = {
        "input_features": [{"name": name, "type": "number", "preprocessing": {"normalization": "zscore"}} for name in NUMBERS]
        + [{"name": name, "type": "category"} for name in CATEGORIES],
        "output_features": [{"name": "price", "type": "number", "preprocessing": {"normalization": "zscore"}}],
        "combiner": {
            "type": "concat",
            "fc_layers": [{"output_size": 128}, {"output_size": 128}],
            "activation": "relu",
            "dropout": 0.0,
        },
        "trainer": {
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "learning_rate": 1e-3,
            "optimizer": {"type": "adamw"},
            "early_stop": -1,
        },
        "preprocessing": {"split": {"type": "fixed", "column": "split"}},
        "backend": {"type": "local"},
    }
    path = folder / "theirs.json"
    path.write_text(json.dumps(config))
    return path


def timed(command):
    """Wall seconds, processor seconds and what was printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall, printed = run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def ours(seed, folder):
    """Our side of one seed."""
    recipe = our_recipe(seed, folder)
    command = [sys.executable, "-m", "ymltrain", "fit", str(recipe), "--workspace", str(folder), "--json"]
    wall, processor, printed = timed(command)
    return {"wall": wall, "processor": processor, "rmse": json.loads(printed)["metrics"]["test/rmse"]}


def theirs(ludwig, seed, folder):
    """Ludwig's side of one seed."""
    config = their_config(folder)
    wall, processor, _ = timed(
        [
            *(ludwig, STARTER, "train", "--config", str(config), "--dataset", str(folder / "all.csv")),
            *("--output_directory", str(folder / "ludwig"), "--random_seed", str(seed)),
            *("--skip_save_processed_input", "--logging_level", "error"),
        ]
    )
    model = next((folder / "ludwig").glob("*/model"))
    run(
        [
            *(ludwig, STARTER, "predict", "--model_path", str(model), "--dataset", str(folder / "test.csv")),
            *("--output_directory", str(folder / "predicted"), "--logging_level", "error"),
        ]
    )
    import polars as pl

    predicted = next(iter((folder / "predicted").rglob("predictions.parquet")))
    values = pl.read_parquet(predicted).get_column("price_predictions")
    truth = pl.read_csv(folder / "test.csv", columns=["price"]).get_column("price")
    return {"wall": wall, "processor": processor, "rmse": math.sqrt(((values - truth) ** 2).mean())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ludwig", default=str(ROOT / ".cache" / "ludwig" / "bin" / "python"), metavar="PYTHON")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    if not Path(asked.ludwig).exists():
        print(f"left out: there is no {asked.ludwig}, see the first lines of benchmarks/ludwig.py")
        return
    compile_sources()
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            cut(seed, folder)
            found = {"seed": seed, "ours": ours(seed, folder)}
            print(json.dumps(found), flush=True)
            found["ludwig"] = theirs(asked.ludwig, seed, folder)
            found["ratio"] = found["ludwig"]["wall"] / found["ours"]["wall"]
            found["processor_ratio"] = found["ludwig"]["processor"] / found["ours"]["processor"]
            print(json.dumps(found), flush=True)


main()
