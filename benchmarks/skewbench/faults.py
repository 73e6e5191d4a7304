"""Faults put into the records of a clean serving log. Knows nothing of the detectors.

A fault changes records in place, for the rows it is told to. It knows the encoders from the bundle's contract alone, and
encodes with code of its own. To add one, write a function and mark it `@fault`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Record = dict[str, Any]


@dataclass
class World:
    """What a fault may use: the log's records, a generator, the contract's encoders, which feature to harm."""

    records: list[Record]
    rng: np.random.Generator
    contract: dict[str, Any]
    feature: str
    rows: list[int]
    severity: float = 1.0
    note: dict[str, Any] = field(default_factory=dict)

    def state(self, feature: str | None = None) -> dict[str, Any]:
        name = feature or self.feature
        return next(f["state"] for f in self.contract["features"] if f["column"] == name)

    def type(self, feature: str | None = None) -> str:
        name = feature or self.feature
        return next(f["type"] for f in self.contract["features"] if f["column"] == name)

    def encode(self, value: Any, feature: str | None = None) -> Any:
        state = self.state(feature)
        if self.type(feature) == "number":
            is_missing = value is None or not math.isfinite(value)
            code = 0.0 if is_missing else float(np.float32((value - state["mean"]) / state["std"]))
            return self.shaped(code, feature, is_missing=is_missing)
        values = state["values"]
        if value is None:
            return len(values) + 1 if state["has_null"] else 0
        return values.index(value) + 1 if value in values else 0

    def shaped(self, code: float, feature: str | None = None, *, is_missing: bool = False) -> Any:
        """An encoded number as a log has it: alone, or with the indicator of a missing value beside it."""
        return [code, float(is_missing)] if self.state(feature)["has_indicator"] else code

    def others(self, kind: str) -> list[str]:
        return [f["column"] for f in self.contract["features"] if f["type"] == kind and f["column"] != self.feature]


@dataclass(frozen=True)
class Fault:
    """A named fault: its class, the type of column it harms (None: the record), the causes that name it rightly."""

    name: str
    skew_class: str
    kind: str | None
    causes: tuple[str, ...]
    inject: Callable[[World], None]

    def fits(self, records: list[Record]) -> bool:
        """Whether these records can have it: faults of a predicted number need one."""
        return self.skew_class != "numeric" or isinstance(records[0]["prediction"], int | float)


FAULTS: dict[str, Fault] = {}


def fault(skew_class: str, kind: str | None, *causes: str) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    def mark(function: Callable[[World], None]) -> Callable[[World], None]:
        FAULTS[function.__name__] = Fault(function.__name__, skew_class, kind, causes, function)
        return function

    return mark


def _served(world: World, change: Callable[[Any, Record], Any]) -> None:
    """Serve another encoding of a raw value that was changed."""
    for row in world.rows:
        record = world.records[row]
        record["features"][world.feature] = world.encode(change(record["inputs"][world.feature], record))


def _codes(world: World, change: Callable[[Any], Any]) -> None:
    for row in world.rows:
        features = world.records[row]["features"]
        code = features[world.feature]
        features[world.feature] = [change(code[0]), *code[1:]] if isinstance(code, list) else change(code)


# transform, numbers


@fault("transform", "number", "unit_change")
def unit_metric(world: World) -> None:
    factor = float(world.rng.choice([2.54, 25.4, 0.3937, 1000.0, 0.001, 0.4536, 60.0]))
    _served(world, lambda value, _: value * factor)


@fault("transform", "number", "unit_change")
def unit_odd_factor(world: World) -> None:
    factor = float(world.rng.uniform(1.1, 3.0))
    _served(world, lambda value, _: value * factor)


@fault("transform", "number", "unit_change")
def unit_fahrenheit(world: World) -> None:
    _served(world, lambda value, _: value * 1.8 + 32)


@fault("transform", "number", "offset")
def offset(world: World) -> None:
    amount = float(world.rng.uniform(0.2, 3.0)) * world.state()["std"] * world.severity
    _served(world, lambda value, _: value + amount)


@fault("transform", "number", "wrong_statistics")
def wrong_statistics(world: World) -> None:
    mean = world.state()["mean"] * float(world.rng.uniform(1.02, 1.3))
    std = world.state()["std"] * float(world.rng.uniform(1.1, 1.8))
    for row in world.rows:
        value = world.records[row]["inputs"][world.feature]
        world.records[row]["features"][world.feature] = world.shaped(float(np.float32((value - mean) / std)))


@fault("transform", "number", "default_fill")
def default_mean(world: World) -> None:
    _codes(world, lambda _: 0.0)


@fault("transform", "number", "default_fill")
def default_zero(world: World) -> None:
    _served(world, lambda *_: 0.0)


@fault("transform", "number", "default_fill")
def default_sentinel(world: World) -> None:
    _served(world, lambda *_: -999.0)


@fault("transform", "number", "stale_value")
def stale_lag(world: World) -> None:
    lag = int(world.rng.integers(1, 10))
    was = [record["features"][world.feature] for record in world.records]
    for row in world.rows:
        world.records[row]["features"][world.feature] = was[max(0, row - lag)]


@fault("transform", "number", "stale_value")
def stale_random(world: World) -> None:
    was = [record["features"][world.feature] for record in world.records]
    for row in world.rows:
        world.records[row]["features"][world.feature] = was[int(world.rng.integers(0, max(1, row)))]


@fault("transform", "number", "stale_value")
def stale_elsewhere(world: World) -> None:
    _served(world, lambda value, _: value + float(world.rng.normal(0, 0.3)) * world.state()["std"])


@fault("transform", "number", "rounding")
def rounded_raw(world: World) -> None:
    digits = 1 if world.state()["std"] < 2 else 0
    _served(world, lambda value, _: round(value, digits))


@fault("transform", "number", "rounding", "narrower_dtype")
def cut_to_whole(world: World) -> None:
    _served(world, lambda value, _: float(int(value)))


@fault("transform", "number", "rounding")
def rounded_code(world: World) -> None:
    _codes(world, lambda code: round(code, 2))


@fault("transform", "number", "narrower_dtype")
def float16_code(world: World) -> None:
    _codes(world, lambda code: float(np.float16(code)))


@fault("transform", "number", "narrower_dtype")
def bfloat16_code(world: World) -> None:
    def cut(code: float) -> float:
        bits = struct.unpack("<I", struct.pack("<f", code))[0]
        return struct.unpack("<f", struct.pack("<I", (bits + 0x8000) & 0xFFFF0000 & 0xFFFFFFFF))[0]

    _codes(world, cut)


@fault("transform", "number", "swapped_columns")
def swapped_numbers(world: World) -> None:
    other = str(world.rng.choice(world.others("number")))
    world.note["also"] = other
    for row in world.rows:
        record = world.records[row]
        a, b = record["inputs"][world.feature], record["inputs"][other]
        record["features"][world.feature] = world.encode(b)
        record["features"][other] = world.encode(a, other)


@fault("transform", "number", "not_encoded")
def raw_served(world: World) -> None:
    for row in world.rows:
        record = world.records[row]
        record["features"][world.feature] = world.shaped(float(record["inputs"][world.feature]))


@fault("transform", "number", "extra_transform")
def logarithm(world: World) -> None:
    _served(world, lambda value, _: math.log1p(abs(value)))


@fault("transform", "number", "clipping")
def clipped(world: World) -> None:
    state = world.state()
    high = state["mean"] + 1.0 * state["std"]
    world.rows = [row for row, record in enumerate(world.records) if record["inputs"][world.feature] is not None]
    _served(world, lambda value, _: min(value, high))


@fault("transform", "number", "sign_flip", "unit_change")
def sign_turned(world: World) -> None:
    _served(world, lambda value, _: -value)


@fault("transform", "number", "dropped_value")
def feature_lost(world: World) -> None:
    _codes(world, lambda _: None)


# transform, categories


@fault("transform", "category", "permuted_vocabulary")
def vocabulary_sorted(world: World) -> None:
    values = sorted(world.state()["values"])
    for row in world.rows:
        record = world.records[row]
        value = record["inputs"][world.feature]
        record["features"][world.feature] = values.index(value) + 1 if value in values else 0


@fault("transform", "category", "permuted_vocabulary")
def vocabulary_shuffled(world: World) -> None:
    count = len(world.state()["values"])
    order = world.rng.permutation(count) + 1
    _codes(world, lambda code: int(order[code - 1]) if 1 <= code <= count else code)


@fault("transform", "category", "swapped_ids")
def two_ids_swapped(world: World) -> None:
    count = len(world.state()["values"])
    a, b = (int(x) + 1 for x in world.rng.choice(count, 2, replace=False))
    _codes(world, lambda code: b if code == a else a if code == b else code)


@fault("transform", "category", "shifted_ids")
def ids_from_zero(world: World) -> None:
    _codes(world, lambda code: code - 1)


@fault("transform", "category", "default_fill")
def category_default(world: World) -> None:
    _codes(world, lambda _: 1)


@fault("transform", "category", "default_fill", "string_encoding")
def category_unseen(world: World) -> None:
    _codes(world, lambda _: 0)


@fault("transform", "category", "string_encoding", "default_fill")
def category_lower(world: World) -> None:
    _served(world, lambda value, _: None if value is None else value.lower() + " ")


@fault("transform", "category", "stale_value")
def category_stale(world: World) -> None:
    was = [record["features"][world.feature] for record in world.records]
    for row in world.rows:
        world.records[row]["features"][world.feature] = was[max(0, row - 1)]


@fault("transform", "category", "outdated_vocabulary")
def vocabulary_older(world: World) -> None:
    lost = int(world.rng.integers(1, len(world.state()["values"]) + 1))
    _codes(world, lambda code: 0 if code == lost else code)


# schema


@fault("schema", "number", "missing_column")
def column_missing(world: World) -> None:
    for row in world.rows:
        world.records[row]["inputs"].pop(world.feature, None)


@fault("schema", "number", "renamed_column", "missing_column")
def column_renamed(world: World) -> None:
    for row in world.rows:
        inputs = world.records[row]["inputs"]
        inputs[f"{world.feature}_value"] = inputs.pop(world.feature)


@fault("schema", "number", "number_as_text", "wrong_type")
def number_as_text(world: World) -> None:
    for row in world.rows:
        inputs = world.records[row]["inputs"]
        inputs[world.feature] = f"{inputs[world.feature]}"


@fault("schema", "number", "wrong_type")
def nested(world: World) -> None:
    for row in world.rows:
        inputs = world.records[row]["inputs"]
        inputs[world.feature] = {"value": inputs[world.feature]}


@fault("schema", "number", "infinite_value")
def infinite(world: World) -> None:
    for row in world.rows:
        world.records[row]["inputs"][world.feature] = math.inf
        world.records[row]["features"][world.feature] = world.shaped(0.0, is_missing=True)


@fault("schema", "number", "missing_values")
def nulls(world: World) -> None:
    for row in world.rows:
        world.records[row]["inputs"][world.feature] = None
        world.records[row]["features"][world.feature] = world.shaped(0.0, is_missing=True)


@fault("schema", "category", "string_encoding")
def text_upper(world: World) -> None:
    for row in world.rows:
        record = world.records[row]
        record["inputs"][world.feature] = f" {record['inputs'][world.feature].swapcase()}"
        record["features"][world.feature] = 0


# numeric


@fault("numeric", None, "narrower_dtype")
def prediction_float16(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] = float(np.float16(min(world.records[row]["prediction"], 65000)))


@fault("numeric", None, "other_weights", "dropout_active", "lower_precision")
def prediction_noise(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] *= 1 + float(world.rng.normal(0, 0.01 * world.severity))


@fault("numeric", None, "stale_value", "shuffled_predictions")
def prediction_of_next(world: World) -> None:
    was = [record["prediction"] for record in world.records]
    for row in world.rows:
        world.records[row]["prediction"] = was[(row + 1) % len(was)]


@fault("numeric", None, "unit_change")
def prediction_scaled(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] *= 100


@fault("numeric", None, "default_prediction")
def prediction_default(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] = 0.0


@fault("numeric", None, "target_not_decoded")
def prediction_logarithm(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] = math.log(world.records[row]["prediction"])


@fault("numeric", None, "rounding")
def prediction_rounded(world: World) -> None:
    for row in world.rows:
        world.records[row]["prediction"] = round(world.records[row]["prediction"], -2)


# version


@fault("version", None, "mixed_versions", "other_weights")
def other_weights(world: World) -> None:
    for row in world.rows:
        record = world.records[row]
        record["versions"] = {**record["versions"], "weights": "sha256:" + "0" * 64}


@fault("version", None, "mixed_versions", "other_encoders")
def other_encoders(world: World) -> None:
    for row in world.rows:
        record = world.records[row]
        record["versions"] = {**record["versions"], "encoders": "sha256:" + "1" * 64}


@fault("version", None, "mixed_versions", "other_libraries")
def other_libraries(world: World) -> None:
    for row in world.rows:
        record = world.records[row]
        record["versions"] = {**record["versions"], "libraries": record["versions"]["libraries"].replace("torch=", "torch=1.")}


@fault("version", None, "mixed_versions", "other_bundle")
def other_bundle(world: World) -> None:
    for row in world.rows:
        world.records[row]["bundle"] = "sha256:" + "2" * 64
