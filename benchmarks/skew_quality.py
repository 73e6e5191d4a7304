"""What `skew check` makes of logs with injected faults, with natural drift, and of clean ones.

A model is trained on a shipped recipe. Rows of its table are served without a fault and logged; then a fault is put into 1,
10 or 50 % of a window of 3,000 records (`skewbench/faults.py`, which knows nothing of the detectors), or the rows are drawn as
the world drifts (`skewbench/natural.py`), or nothing is done. Counted are windows: those with the fault's class found
(recall), with it found in that feature and no other called faulty (localised), with its cause named, clean ones that raise any
alarm, and drifting ones that are called an engineering fault.

Targets: recall 1.00 for schema, transform, numeric and version; localised 0.95; named 0.85; alarms on clean windows at most
0.01; drift called a fault never.

    python benchmarks/skew_quality.py                              a fault once at each prevalence, 100 clean windows
    python benchmarks/skew_quality.py --repeats 5 --clean 300
    python benchmarks/skew_quality.py --recipe penguins
    python benchmarks/skew_quality.py --peers                      the same windows through scipy's tests and Evidently's preset
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from measure import ROOT, run
from skew_speed import evidently_python
from skewbench.peers import evidently_alarms, scipy_alarms, window_table
from skewbench.quality import Bench, Outcome, clean_windows, natural, outcomes

PREVALENCES = (0.01, 0.1, 0.5)
CERTAIN = ("schema", "transform", "numeric", "version")  # classes that a replay decides row by row
RECALL, LOCALISED, NAMED, ALARMS = 1.0, 0.95, 0.85, 0.01


def bundle_of(recipe: str, workspace: Path) -> Path:
    """The bundle of a short fit: faults of serving do not depend on how good the model is."""
    command = [sys.executable, "-m", "ymltrain", "fit", f"recipes/{recipe}.yaml", "trainer.max_epochs=2"]
    run([*command, "--workspace", str(workspace), "--json"])
    return next(workspace.glob("runs/*/*/bundle"))


def share(values: list[bool]) -> float:
    """The share of true ones; NaN of none."""
    return sum(values) / len(values) if values else float("nan")


def compare_with_peers(bench: Bench, faults: list[Outcome], clean: int, folder: Path) -> None:
    """Print what scipy's tests and Evidently's preset find in the windows that were checked."""
    assert bench.kept is not None
    windows = [window_table(records) for records in bench.kept]
    reference = window_table(bench.records(bench.rows.sample(min(bench.rows.height, 10_000), seed=1)))
    reference.write_parquet(folder / "reference.parquet")
    paths = []
    for number, window in enumerate(windows):
        paths.append(folder / f"window-{number}.parquet")
        window.write_parquet(paths[-1])
    peers = {
        "scipy": [scipy_alarms(reference, window) for window in windows],
        "Evidently": evidently_alarms(evidently_python(), folder / "reference.parquet", paths),
    }
    for name, found in peers.items():
        for skew_class in sorted({outcome.fault.skew_class for outcome in faults}):
            mine = [outcome for outcome in faults if outcome.fault.skew_class == skew_class]
            recall = share([bool(found[outcome.window]) for outcome in mine])
            right = [columns_of(outcome.feature) for outcome in mine]
            located = share([bool(found[o.window]) and found[o.window] <= at for o, at in zip(mine, right, strict=True)])
            print(f"  {name:10} {skew_class:10} alarms in {recall:.3f} of faulty windows, in the right column alone {located:.3f}")
        print(f"  {name:10} alarms in {share([bool(columns) for columns in found[len(found) - clean :]]):.3f} of clean windows")


def columns_of(feature: str) -> set[str]:
    """The columns of a window that a fault in this feature may change."""
    return {f"inputs.{feature}", f"features.{feature}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=["diamonds", "penguins"], default="diamonds")
    parser.add_argument("--repeats", type=int, default=1, help="windows of each fault at each prevalence, and of each drift")
    parser.add_argument("--clean", type=int, default=100, help="windows without a fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true", help="show scipy's tests and Evidently's preset the same windows")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench.of(bundle_of(given.recipe, Path(folder)), ROOT / "recipes" / "data" / f"{given.recipe}.csv")
        bench = replace(bench, kept=[]) if given.peers else bench
        by_class = defaultdict(list)
        for outcome in outcomes(bench, PREVALENCES, given.repeats, given.seed):
            by_class[outcome.fault.skew_class].append(outcome)
            if not (outcome.right_class and outcome.localised and outcome.named):
                also = f"; also {', '.join(outcome.also[:3])}" if outcome.also else ""
                print(f"  {outcome.fault.name} in {outcome.feature}, {outcome.affected} rows: {outcome.cause}{also}")
        drifts = [(name, found["verdict"]) for name, found in natural(bench, max(1, given.repeats), given.seed)]
        alarms = [found["verdict"] != "ok" for found in clean_windows(bench, given.clean, given.seed)]
        if given.peers:
            faults = [outcome for found in by_class.values() for outcome in found]
            compare_with_peers(bench, faults, len(alarms), Path(folder))

    figures = {}
    for name, found in sorted(by_class.items()):
        figures[name] = {
            "windows": len(found),
            "recall": share([outcome.right_class for outcome in found]),
            "localised": share([outcome.localised for outcome in found]),
            "named": share([outcome.named for outcome in found]),
        }
        print(f"{name:14} {len(found):4} windows", *(f"{key} {value:.3f}" for key, value in list(figures[name].items())[1:]))
    called = [name for name, verdict in drifts if verdict == "fault"]
    print(f"natural drift  {len(drifts):4} windows, called an engineering fault {len(called)} ({', '.join(called) or 'none'})")
    print(f"clean          {len(alarms):4} windows, alarms {share(alarms):.3f}")

    missed = [f"{name}: recall" for name in CERTAIN if name in figures and figures[name]["recall"] < RECALL]
    every = [outcome for found in by_class.values() for outcome in found]
    missed += ["localised"] * (share([outcome.localised for outcome in every]) < LOCALISED)
    missed += ["named"] * (share([outcome.named for outcome in every]) < NAMED)
    missed += ["clean windows"] * (share(alarms) > ALARMS) + ["natural drift"] * bool(called)
    print("targets:", "met" if not missed else f"NOT met: {', '.join(missed)}")
    print(json.dumps({"benchmark": "skew_quality", "recipe": given.recipe, **figures, "alarms": share(alarms), "missed": missed}))


if __name__ == "__main__":
    main()
