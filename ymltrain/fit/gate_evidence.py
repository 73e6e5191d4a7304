"""What gates ask that must be measured: the golden rows, the time of a prediction."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ymltrain.bundle.contract import GOLDEN_FILE
from ymltrain.bundle.golden import replay_golden
from ymltrain.bundle.predictor import AnyPredictor, load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import BundleError
from ymltrain.plan.sections import Promote
from ymltrain.registry import Evidence, GoldenReplay

NEEDS_BUNDLE = frozenset({"golden", "latency"})
WARM_UP = 5
PREDICTIONS = 50


def gather_evidence(bundle: Path, promote: Promote, catalog: Catalog, environment: Mapping[str, str]) -> Evidence:
    """What the gates of this promotion ask of a bundle; nothing is measured that none asks. Raises BundleError."""
    asked = {gate.check for gate in promote.gates}
    if not asked & NEEDS_BUNDLE:
        return Evidence()
    predictor = load_bundle(bundle, catalog, environment)
    return Evidence(
        golden=_replay(bundle, predictor) if "golden" in asked else None,
        latency=_latency(bundle, predictor) if "latency" in asked else None,
    )


def _replay(bundle: Path, predictor: AnyPredictor) -> GoldenReplay:
    try:
        return GoldenReplay(rows=replay_golden(bundle, predictor))
    except BundleError as error:
        return GoldenReplay(rows=pl.scan_parquet(bundle / GOLDEN_FILE).select(pl.len()).collect().item(), problem=error.message)


def _latency(bundle: Path, predictor: AnyPredictor) -> float | None:
    """The median time to predict one raw row, in milliseconds on this machine; None without golden rows to try it on."""
    if predictor.contract.digests.golden is None:
        return None
    rows = pl.read_parquet(bundle / GOLDEN_FILE)["inputs"].struct.unnest()
    taken = []
    for number in range(WARM_UP + PREDICTIONS):
        row = rows[number % rows.height]
        start = time.perf_counter()
        predictor.predict_rows(row)
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken[WARM_UP:]) * 1000, 3)
