"""Logs with and without faults, checked one after another: what was found, where, and as what."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from skewbench.faults import FAULTS, Fault, World
from skewbench.natural import DRIFTS
from ymltrain.bundle.predictor import Predictor, load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.serving.records import Served, make_records
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.check import Question, check
from ymltrain.skew.profile import Profile, read_profile

ROWS = 3_000


@dataclass(frozen=True)
class Bench:
    """A bundle, and the raw rows of its held-out splits and of the whole table."""

    predictor: Predictor
    profile: Profile
    contract: dict[str, Any]
    rows: pl.DataFrame
    label: str | None = None
    kept: list[list[dict[str, Any]]] | None = None
    """The records of every window that was checked, where a list is given: for whoever looks at the same windows."""

    @classmethod
    def of(cls, folder: Path, data: Path) -> Bench:
        predictor = load_bundle(folder, Catalog.installed(), {})
        rows = predictor.read(pl.read_csv(data, infer_schema_length=None, null_values=["NA", ""]))
        contract = json.loads((folder / "contract.json").read_text())
        return cls(predictor, read_profile(folder / "profile.json"), contract, rows)

    def records(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        """Rows as a faultless server would log them."""
        encoded = self.predictor.encode(rows)
        predictions = self.predictor.decode(self.predictor.outputs(encoded))
        ids = [f"r{number}" for number in range(rows.height)]
        times = [f"2026-11-25T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z" for number in range(rows.height)]
        made = make_records(
            self.predictor, stamp_of(self.predictor.contract), Served(rows.to_dicts(), encoded, predictions, ids, times)
        )
        return copy.deepcopy(made)

    def clean(self, rng: np.random.Generator, count: int = ROWS) -> list[dict[str, Any]]:
        """A clean window: rows drawn from the table."""
        return self.records(self.rows[rng.choice(self.rows.height, min(count, self.rows.height), replace=self.rows.height < count)])

    def check(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """What `skew check --json` says of these records."""
        if self.kept is not None:
            self.kept.append(records)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "served.jsonl"
            path.write_text("\n".join(json.dumps(record) for record in records) + "\n")
            return msgspec.to_builtins(check(self.predictor, self.profile, Question(files=[path])).report)


@dataclass(frozen=True)
class Outcome:
    """One injected fault and what was said of it."""

    fault: Fault
    feature: str
    prevalence: float
    affected: int
    detected: bool
    called_fault: bool
    right_class: bool
    localised: bool
    named: bool
    cause: str
    also: tuple[str, ...]
    window: int = -1


def run_fault(bench: Bench, fault: Fault, prevalence: float, seed: int) -> Outcome | None:
    """Inject a fault in a fresh window and check it; None when the data offer no such column."""
    rng = np.random.default_rng(seed)
    records = bench.clean(rng)
    columns = [f["column"] for f in bench.contract["features"] if fault.kind in (None, f["type"])]
    if not columns or not fault.fits(records):
        return None
    feature = str(rng.choice(columns))
    count = max(1, round(prevalence * len(records)))
    first = int(rng.integers(0, len(records) - count + 1))
    scattered = bool(rng.random() < 0.5)
    chosen = rng.choice(len(records), count, replace=False) if scattered else np.arange(first, first + count)
    usable = [int(row) for row in np.sort(chosen) if records[int(row)]["inputs"][feature] is not None]
    before = copy.deepcopy(records)
    world = World(records, rng, bench.contract, feature, usable)
    fault.inject(world)
    affected = sum(a != b for a, b in zip(before, records, strict=True))
    if not affected:
        return None
    found = bench.check(records)
    mine = [f for f in found["findings"] if f["class"] == fault.skew_class]
    there = [f for f in mine if fault.kind is None or f["feature"] in (feature, world.note.get("also"))]
    exact = [f for f in there if fault.kind is None or f["feature"] == feature]
    others = [
        f
        for f in found["findings"]
        if f["kind"] == "engineering_fault"
        and f["class"] in ("transform", "schema")
        and f["feature"] not in (feature, world.note.get("also"))
    ]
    return Outcome(
        fault=fault,
        feature=feature,
        prevalence=prevalence,
        affected=affected,
        detected=found["verdict"] != "ok",
        called_fault=found["verdict"] == "fault",
        right_class=bool(mine),
        localised=bool(exact) and not others,
        named=any(f["cause"] in fault.causes for f in exact),
        cause=", ".join(f["cause"] for f in exact) or "—",
        also=tuple(f"{f['class']}/{f['feature']}/{f['cause']}" for f in found["findings"] if f not in exact),
        window=-1 if bench.kept is None else len(bench.kept) - 1,
    )


def outcomes(bench: Bench, prevalences: tuple[float, ...], repeats: int, seed: int) -> Iterator[Outcome]:
    """Every fault at every prevalence."""
    number = seed
    for fault in FAULTS.values():
        for prevalence in prevalences:
            for _ in range(repeats):
                number += 1
                found = run_fault(bench, fault, prevalence, number)
                if found is not None:
                    yield found


def natural(bench: Bench, repeats: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every natural drift, checked."""
    for position, (name, make) in enumerate(DRIFTS.items()):
        for repeat in range(repeats):
            rng = np.random.default_rng((seed, position, repeat))
            drawn = make(bench.rows, ROWS, rng)
            yield name, bench.check(bench.records(bench.predictor.read(drawn)))


def clean_windows(bench: Bench, count: int, seed: int, rows: int = ROWS) -> Iterator[dict[str, Any]]:
    """Windows without any fault or drift, checked."""
    for number in range(count):
        yield bench.check(bench.clean(np.random.default_rng((seed, number)), rows))
