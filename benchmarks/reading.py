"""Reading and encoding a CSV file of two million rows (diamonds, repeated) against a plain polars script.

Ours streams the file in two passes within bounded memory, digests it before and after, counts what is missing, unseen or
infinite, and draws golden rows; the script reads it at once. Both are processes of their own, imports left out.

Bound: 2.0 × the time, so at least half the rows per second.
"""

import json
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from measure import ROOT, compile_sources, pairs, report, run

COPIES = 38
ROUNDS = 5
NUMBERS = ["carat", "depth", "table", "x", "y", "z"]
CATEGORIES = ["cut", "color", "clarity"]


def prepare(path):
    """Our side: what a fit does before it trains."""
    from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
    from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
    from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams
    from ymltrain.builtin.split.fractions import FractionParams
    from ymltrain.builtin.split.random import RandomSplit
    from ymltrain.data.learning import TableSpec
    from ymltrain.data.prepare import prepare_data
    from ymltrain.plan.plan import FeatureSpec, TargetSpec
    from ymltrain.plan.seeds import seed_tree

    types = {**dict.fromkeys(NUMBERS, "number"), **dict.fromkeys(CATEGORIES, "category")}
    encoders = {
        name: StandardEncoder(StandardParams()) if kind == "number" else VocabularyEncoder(VocabularyParams())
        for name, kind in types.items()
    }
    spec = TableSpec(
        features=[FeatureSpec(column=name, type=kind, encoder=f"encoder:{name}") for name, kind in types.items()],
        target=TargetSpec(columns=("price",), type="number", transform="log", task="regression"),
        keys=[],
        seeds=seed_tree(7),
        golden_rows=512,
    )
    few = Path(path).with_name("few.csv")  # what is imported on the way is imported now
    with Path(path).open("rb") as rows, few.open("wb") as first:
        first.writelines(islice(rows, 1001))
    prepare_data(CsvSource(CsvParams(path=str(few))), RandomSplit(FractionParams()), encoders, spec)
    started = time.perf_counter()
    prepared = prepare_data(CsvSource(CsvParams(path=path)), RandomSplit(FractionParams()), encoders, spec)
    print(json.dumps({"rows": prepared.report.rows_read, "seconds": time.perf_counter() - started}))


def main():
    compile_sources()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        header, content = (ROOT / "recipes" / "data" / "diamonds.csv").read_bytes().split(b"\n", 1)
        data = Path(folder) / "diamonds.csv"
        with data.open("wb") as file:
            file.write(header + b"\n")
            for _ in range(COPIES):
                file.write(content)

        def side(name, *command):
            _, printed = run([sys.executable, *command, str(data)])
            result = json.loads(printed)
            rows[name] = result["rows"]
            return result["seconds"]

        measured = pairs(
            lambda: side("ours", __file__, "--ours"),
            lambda: side("peer", str(ROOT / "benchmarks" / "handwritten" / "reading.py")),
            ROUNDS,
        )
    assert rows["ours"] == rows["peer"]
    ours, peer = (round(rows["ours"] / statistics.median(pair[side] for pair in measured)) for side in (0, 1))
    print(f"reading: {rows['ours']:,} rows; ours {ours:,} rows/s, peer {peer:,} rows/s")
    report("reading", measured, bound=2.0, rows=rows["ours"], ours_rows_per_second=ours, peer_rows_per_second=peer)


if sys.argv[1:2] == ["--ours"]:
    prepare(sys.argv[2])
else:
    main()
