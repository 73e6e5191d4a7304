"""How fast logs are checked, how much memory it takes, and what logging costs a server.

distribution  cells a second of the pass that counts a Parquet log, on one core; bound 10 million (Evidently: about 0.2)
whole         `skew check` of 100,000 rows of 50 columns with 3,000 of them replayed, process start included, against Evidently's
              drift preset on the same rows, likewise; at least 8 times as fast
memory        the most memory of a check of two logs, one eight times as long; at most 1.3 times as much
merge         adding up two profiles of logs, for each feature; bound 1 ms
serving       the median latency of requests to a server that logs against one that does not, in turn; bound 1.05

The model is linear, over 40 numbers and 10 categories. Evidently 0.7.23 stands in an environment of its own under .cache.

    python benchmarks/skew_speed.py [distribution|whole|memory|merge|serving]...
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
import polars as pl
from measure import ROOT, report, run

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.log import read_log
from ymltrain.skew.log_profile import merge_profiles
from ymltrain.skew.profile import read_profile
from ymltrain.skew.summary import Inputs, summarise_log

EVIDENTLY = ROOT / ".cache" / "evidently"
PEER = ROOT / "benchmarks" / "skew_peer" / "evidently_drift.py"
NUMBERS, CATEGORIES = 40, 10
ROWS = 100_000
REQUESTS = 1_500
RECIPE = """\
recipe: 1
name: wide
datasource: train.parquet
unlisted_columns: auto
target: y
model: linear
trainer: {max_epochs: 1}
"""
ONE_CORE = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main() -> None:
    asked = sys.argv[1:] or ["distribution", "whole", "memory", "merge", "serving"]
    parts = {
        "distribution": measure_distribution,
        "whole": measure_whole,
        "memory": measure_memory,
        "merge": measure_merge,
        "serving": measure_serving,
    }
    if "distribution" in asked and os.environ.get("POLARS_MAX_THREADS") != "1":
        sys.exit(subprocess.run([sys.executable, __file__, *asked], env=ONE_CORE, check=False).returncode)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_table(ROWS, 1).write_parquet(place / "train.parquet")
        (place / "wide.yaml").write_text(RECIPE)
        run([sys.executable, "-m", "ymltrain", "fit", str(place / "wide.yaml"), "--workspace", folder, "--json"])
        (bundle,) = place.glob("runs/wide/*/bundle")
        for part in asked:
            parts[part](place, bundle)


def make_table(rows: int, seed: int) -> pl.DataFrame:
    """Numbers of several shapes, categories of several sizes, and a target."""
    draw = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for number in range(NUMBERS):
        shape = (
            draw.normal,
            draw.exponential,
            lambda size: draw.gamma(2.0, size=size).round(2),
            lambda size: draw.poisson(4, size),
        )
        columns[f"n{number}"] = shape[number % 4](size=rows).astype(float)
    for number in range(CATEGORIES):
        values = np.array([f"v{value}" for value in range(3 * (number + 1))])
        columns[f"c{number}"] = values[draw.integers(0, values.size, rows)]
    return pl.DataFrame({**columns, "y": draw.normal(size=rows)})


def measure_distribution(folder: Path, bundle: Path) -> None:
    path = folder / "served.parquet"
    rows = 5 * ROWS
    make_table(rows, 2).drop("y").write_parquet(path)
    predictor, reference = load_bundle(bundle, Catalog.installed(), {}), read_profile(bundle / "profile.json")
    inputs = Inputs(stamp_of(predictor.contract).bundle, predictor.columns)
    speeds = []
    for _ in range(4):
        started = time.perf_counter()
        found = summarise_log(read_log([path]), inputs, reference, 0)
        speeds.append(found.cells / (time.perf_counter() - started) / 1e6)
    print(f"distribution: {statistics.median(speeds[1:]):.1f} million cells/s on one core, {rows:,} × 50 (bound 10)")


def measure_whole(folder: Path, bundle: Path) -> None:
    table = make_table(ROWS, 3).drop("y")
    table.write_parquet(folder / "current.parquet")
    make_table(ROWS, 1).drop("y").write_parquet(folder / "reference.parquet")
    log = folder / "whole.parquet"
    predict = ["predict", str(bundle), str(folder / "current.parquet"), "-o", str(folder / "p.parquet"), "--serving-log", str(log)]
    run([sys.executable, "-m", "ymltrain", *predict])
    ours = [sys.executable, "-m", "ymltrain", "skew", "check", "--model", str(bundle), "--log", str(log), "--json"]
    theirs = [evidently_python(), str(PEER), *(str(folder / name) for name in ("reference.parquet", "current.parquet", "out.json"))]
    measured, replayed = [], 0
    for turn in range(3):
        seconds, said = run(ours)
        replayed = json.loads(said)["replayed"]
        measured.append((seconds, run(theirs)[0]))
        print(f"  whole, turn {turn + 1}: ours {measured[-1][0]:.2f} s, Evidently {measured[-1][1]:.2f} s", flush=True)
    report("skew_whole", measured, 1 / 8, replayed=replayed, rows=ROWS, columns=NUMBERS + CATEGORIES)


def evidently_python() -> str:
    """The interpreter of an environment that has Evidently, made once."""
    python = EVIDENTLY / "bin" / "python"
    if not python.is_file():
        venv.create(EVIDENTLY, with_pip=True)
        run([str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "evidently==0.7.23", "pandas<3"])
    return str(python)


def measure_memory(folder: Path, bundle: Path) -> None:
    part = make_table(ROWS, 4).drop("y")
    peaks = {}
    for copies in (2, 16):
        path = folder / f"long-{copies}.parquet"
        pl.concat([part.lazy()] * copies).sink_parquet(path)
        code = (
            "import resource, sys; from ymltrain.cli.main import run; "
            f"run(['skew', 'check', '--model', {str(bundle)!r}, '--log', {str(path)!r}, '-o', '{folder}/report.json']); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        peaks[copies * ROWS] = int(run([sys.executable, "-c", code])[1].splitlines()[-1]) / 1024
    (short, less), (long, more) = peaks.items()
    print(f"memory: {less:.0f} MiB for {short:,} rows, {more:.0f} MiB for {long:,}, {more / less:.2f} times (bound 1.3)")


def measure_merge(folder: Path, bundle: Path) -> None:
    predictor, reference = load_bundle(bundle, Catalog.installed(), {}), read_profile(bundle / "profile.json")
    inputs = Inputs(stamp_of(predictor.contract).bundle, predictor.columns)
    profiles = []
    for seed in (5, 6):
        path = folder / f"merge-{seed}.parquet"
        make_table(20_000, seed).drop("y").write_parquet(path)
        profiles.append(summarise_log(read_log([path]), inputs, reference, 0).profile)
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        merge_profiles(profiles)
        taken.append((time.perf_counter() - started) / (NUMBERS + CATEGORIES) * 1000)
    print(f"merge: {statistics.median(taken):.3f} ms a feature (bound 1)")


def measure_serving(folder: Path, bundle: Path) -> None:
    rows = make_table(REQUESTS, 7).drop("y").to_dicts()
    servers = [serve(bundle), serve(bundle, "--log", str(folder / "log"))]
    try:
        clients = [http.client.HTTPConnection("127.0.0.1", port) for _, port in servers]
        latencies: list[list[float]] = [[], []]
        for number, row in enumerate(rows):
            body = json.dumps(row)
            for side in (0, 1) if number % 2 else (1, 0):
                started = time.perf_counter()
                clients[side].request("POST", "/predict", body, {"content-type": "application/json"})
                clients[side].getresponse().read()
                latencies[side].append(time.perf_counter() - started)
        plain, logging = (statistics.median(taken[100:]) * 1000 for taken in latencies)
        print(f"serving: {logging:.3f} ms with a log, {plain:.3f} ms without, {logging / plain:.3f} times (bound 1.05)")
    finally:
        for process, _ in servers:
            process.terminate()
            process.wait()


def serve(bundle: Path, *options: str) -> tuple[subprocess.Popen[str], int]:
    """A server of the bundle, and its port."""
    command = [sys.executable, "-m", "ymltrain", "serve", str(bundle), "--port", "0", "--json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ONE_CORE)
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        if not line:
            sys.exit("the server did not start")
        text += line
    return process, int(json.loads(text)["url"].rsplit(":", 1)[1])


if __name__ == "__main__":
    main()
