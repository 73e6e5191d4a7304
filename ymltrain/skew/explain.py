"""One request, step by step: what came in, what each encoder made of it, what the network said; expected beside served."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import DataError, did_you_mean
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.log import RawBatch, read_log
from ymltrain.skew.outputs import is_labelled, predictions_of
from ymltrain.skew.predictions import prediction_findings
from ymltrain.skew.records import Floats, Records, as_series, read_records
from ymltrain.skew.replay import Replayed, replay
from ymltrain.skew.sample import SampleDraw
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.transform import transform_findings
from ymltrain.skew.version import expected_stamps

ID = "request_id"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a request. `stage` is input, features, prediction or version; `cause` says why it may differ."""

    stage: str
    name: str
    input: Any = None
    expected: Any = None
    served: Any = None
    equal: bool | None = None
    cause: str | None = None


class ExplainedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All steps in order; `first_difference` is the number of the first that differs, None when all are equal."""

    request_id: str
    row: int
    served_at: str | None
    model: str
    steps: tuple[Step, ...]
    first_difference: int | None


def explain_request(files: Sequence[Path], predictor: Predictor, request_id: str, settings: CheckSettings) -> ExplainedRequest:
    """Find a request in a log and follow it. Raises DataError (YT992) when it is not there."""
    records, row = _find(files, predictor, request_id)
    draw = SampleDraw(1)
    unreadable = np.zeros(1, bool)
    for column in records.columns.values():
        for mask in (column.absent, column.wrong):
            unreadable |= False if mask is None else mask
    draw.update(records, unreadable)
    sample = draw.finish()
    assert sample is not None
    stamp = stamp_of(predictor.contract)
    replayed = replay(sample, predictor, stamp.bundle, settings)
    steps = [*_inputs(records), *_versions(records, expected_stamps(stamp, ""))]
    if replayed is not None:
        steps += [*_features(replayed, settings), *_prediction(replayed)]
    first = next((number for number, step in enumerate(steps) if step.equal is False), None)
    return ExplainedRequest(
        request_id=request_id,
        row=row,
        served_at=sample.text("served_at", 0),
        model=predictor.contract.name,
        steps=tuple(steps),
        first_difference=first,
    )


def _find(files: Sequence[Path], predictor: Predictor, request_id: str) -> tuple[Records, int]:
    rows = 0
    seen: list[str] = []
    for raw in read_log(files):
        ids = raw.fields.get(ID)
        if ids is not None:
            text = as_series(ids).cast(pl.String)
            seen = seen or text.drop_nulls().head(2_000).to_list()
            found = (text == request_id).arg_max()
            if found is not None and text[found] == request_id:
                return read_records(_row(raw, int(found)), rows + int(found), predictor.columns, predictor.defaults), rows + int(
                    found
                )
        rows += raw.rows
    hint = did_you_mean(request_id, seen) if seen else "its records carry no request_id"
    raise DataError("YT992", f'the log has no request "{request_id}" in {rows:,} records', hint)


def _row(raw: RawBatch, row: int) -> RawBatch:
    def one(columns: dict[str, Any]) -> dict[str, Any]:
        return {name: values[row : row + 1] for name, values in columns.items()}

    has = None if raw.has_features is None else raw.has_features[row : row + 1]
    features = None if raw.features is None else one(raw.features)
    return RawBatch(1, raw.has_inputs, one(raw.inputs), features, one(raw.fields), [], has)


def _inputs(records: Records) -> list[Step]:
    steps = []
    for name, column in records.columns.items():
        absent = column.absent is not None and bool(column.absent[0])
        wrong = column.wrong is not None and bool(column.wrong[0])
        cause = "missing_column" if absent else "wrong_type" if wrong else None
        equal = None if cause is None else False
        if column.defaulted is not None and column.defaulted[0]:
            cause = "serving_default"
        steps.append(Step(stage="input", name=name, input=_plain(column.value(0)), equal=equal, cause=cause))
    return steps


def _versions(records: Records, expected: dict[str, str]) -> list[Step]:
    steps = []
    for name, value in expected.items():
        found = records.fields.get(name)
        if found is not None and found[0] is not None and str(found[0]) != value:
            steps.append(Step(stage="version", name=name, expected=value, served=str(found[0]), equal=False, cause="other_version"))
    return steps


def _features(replayed: Replayed, settings: CheckSettings) -> list[Step]:
    def nothing(feature: str) -> Floats:
        return replayed.expected[feature][:0]

    causes = {finding.feature: finding for finding in transform_findings(replayed, settings, nothing)}
    steps = []
    for name, expected in replayed.expected.items():
        served = replayed.served.get(name) if replayed.sample.has_features[0] else None
        found = causes.get(name)
        steps.append(
            Step(
                stage="features",
                name=name,
                input=_plain(replayed.sample.inputs.get_column(name)[0]),
                expected=_plain(expected[0]),
                served=None if served is None else _plain(served[0]),
                equal=None if served is None else found is None,
                cause=None if found is None or found.cause == "unexplained" else found.cause,
            )
        )
    return steps


def _prediction(replayed: Replayed) -> list[Step]:
    served = replayed.sample.field("prediction")
    findings = list(prediction_findings(replayed, lambda: np.empty(0)))
    from_served = predictions_of(replayed.predictor, replayed.output)[0]
    from_inputs = predictions_of(replayed.predictor, replayed.output_expected)[0]
    outputs = replayed.output[0].tolist()
    what = "logits" if is_labelled(replayed.predictor.target) else "encoded target"
    steps = [Step(stage="network", name=what, expected=[_plain(value) for value in outputs])]
    equal = None if served is None else not findings
    step = Step(stage="prediction", name="from the features as served", expected=_plain(from_served), equal=equal)
    value = None if served is None else _plain(served[0])
    steps.append(msgspec.structs.replace(step, served=value, cause=findings[0].cause if findings else None))
    if replayed.has_features and from_inputs != from_served:
        steps.append(Step(stage="prediction", name="had the features been right", expected=_plain(from_inputs), served=value))
    return steps


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(part) for part in value.tolist()]
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.9g}") if np.isfinite(value) else str(value)
    if isinstance(value, pl.Series):
        return [_plain(part) for part in value.to_list()]
    return value if value is None or isinstance(value, str | int | bool | list) else str(value)
