"""The whole check of a serving log against a bundle."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import DataError
from ymltrain.serving.stamp import Stamp, stamp_of
from ymltrain.skew.aspect_tests import aspect_distances, aspect_tests
from ymltrain.skew.availability import what_ran
from ymltrain.skew.backfill import backfill_findings
from ymltrain.skew.distribution import Comparison, distribution_tests
from ymltrain.skew.family import Test, passed_tests
from ymltrain.skew.findings import Finding, judge, ranked
from ymltrain.skew.labels import join_labels
from ymltrain.skew.log import RawBatch, read_log
from ymltrain.skew.log_profile import LogProfile
from ymltrain.skew.measures import measured
from ymltrain.skew.notes import notes_on
from ymltrain.skew.outcome import outcome_tests
from ymltrain.skew.outputs import predictions_of
from ymltrain.skew.predictions import prediction_findings
from ymltrain.skew.profile import Profile
from ymltrain.skew.records import Floats, read_records
from ymltrain.skew.replay import Replayed, expected_features, replay, run_network
from ymltrain.skew.report import FeatureReport, SkewReport
from ymltrain.skew.schema import schema_findings
from ymltrain.skew.selection import HOLDOUT_FIELD, HOLDOUT_VALUE, selection_tests
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.statistics import smallest_seen_ks, smallest_seen_share
from ymltrain.skew.summary import Inputs, Summary, summarise_log
from ymltrain.skew.transform import transform_findings
from ymltrain.skew.version import expected_stamps, version_findings
from ymltrain.skew.windows import window_reports

SCANNED_ROWS = 200_000
SCANNED_PREDICTIONS = 20_000


@dataclass(frozen=True)
class Question:
    """What is checked: a log's files (or a profile made of them), and tables that are joined to it by request id.

    `windows` asks for a verdict on each of so many stretches; `holdout` names the field and value of held-out traffic.
    """

    files: Sequence[Path] = ()
    profile: LogProfile | None = None
    labels: pl.DataFrame | None = None
    backfill: pl.DataFrame | None = None
    windows: int = 1
    holdout: tuple[str, str] = (HOLDOUT_FIELD, HOLDOUT_VALUE)
    settings: CheckSettings = field(default_factory=CheckSettings)


@dataclass(frozen=True)
class Checked:
    """A report, and what it was made of, for whoever draws it."""

    report: SkewReport
    log: LogProfile
    reference: Profile | None


def check(predictor: Predictor, reference: Profile | None, question: Question) -> Checked:
    """Check a log. Raises DataError when it cannot be read, has no records, or none of the bundle's columns."""
    started = time.perf_counter()
    stamp = stamp_of(predictor.contract)
    summary = _summary(predictor, reference, question, stamp.bundle)
    log, sample = summary.profile, summary.sample
    _require_records(predictor, log)
    replayed = None if sample is None else replay(sample, predictor, stamp.bundle, question.settings)
    findings = list(_proofs(predictor, reference, question, (summary, replayed), stamp))
    comparison = None if reference is None else _comparison(predictor, reference, summary, question.settings)
    if comparison is not None:
        tests = list(_tests(comparison, question))
        comparison.tests = len(tests)
        findings += passed_tests(tests, question.settings.rate)
    ordered = ranked(_without_echoes(_without_ignored(findings, question.settings)))
    report = SkewReport(
        verdict=judge(ordered),
        model=predictor.contract.name,
        bundle=stamp.bundle,
        findings=tuple(ordered),
        features={} if comparison is None else _features(comparison, replayed),
        rows=log.rows,
        cells=log.rows * len(log.fields),
        seconds=round(time.perf_counter() - started, 3),
        replayed=0 if replayed is None else int(replayed.sample.rows.size),
        checks=tuple(what_ran(log, reference, replayed, question)),
        windows=tuple(window_reports(comparison, ordered, question.windows)),
        budget=_budget(comparison, question.settings, replayed),
        notes=tuple(notes_on(predictor, reference, log, replayed)),
        first_time=log.first_time,
        last_time=log.last_time,
    )
    return Checked(report, log, reference)


def _summary(predictor: Predictor, reference: Profile | None, question: Question, bundle: str) -> Summary:
    if question.profile is not None:
        if question.profile.bundle != bundle:
            raise DataError("YT990", "the log's profile was made with another bundle", "profile the log with this model")
        return Summary(question.profile, None, 0)
    batches: Iterator[RawBatch] = read_log(question.files)
    if question.labels is not None:
        batches = join_labels(batches, question.labels)
    inputs = Inputs(bundle, predictor.columns, predictor.defaults)
    return summarise_log(batches, inputs, reference, question.settings.replay_rows)


def _require_records(predictor: Predictor, log: LogProfile) -> None:
    if not log.rows:
        if log.damaged.count:
            message = f"none of the log's {log.damaged.count:,} lines is a record"
            raise DataError("YT987", message, "a log has one JSON object a line, or is a Parquet or CSV file")
        raise DataError("YT987", "the log has no records", "is this the right file, and did the server write to it?")
    required = [found for name, found in log.fields.items() if name not in predictor.defaults.values]
    if required and all(found.absent.count == log.rows for found in required):
        there = ", ".join(list(log.extra)[:6]) or "none"
        message = f"the log has none of the columns that {predictor.contract.name} takes; it has {there}"
        raise DataError("YT988", message, "name the model that wrote it")


def _proofs(
    predictor: Predictor,
    reference: Profile | None,
    question: Question,
    found: tuple[Summary, Replayed | None],
    stamp: Stamp,
) -> Iterator[Finding]:
    """Findings that are no matter of statistics."""
    (summary, replayed), settings = found, question.settings
    log, sample = summary.profile, summary.sample
    yield from schema_findings(log, reference, _extra_values(question.files, log))
    yield from version_findings(log, expected_stamps(stamp, "" if reference is None else reference.libraries))
    if replayed is not None:
        readable = _readable(replayed)
        yield from transform_findings(readable, settings, lambda feature: _scan_feature(question.files, predictor, feature))
        yield from prediction_findings(readable, cache(lambda: _scan_predictions(question.files, predictor)))
    if sample is not None and question.backfill is not None:
        yield from backfill_findings(sample, question.backfill, predictor.columns)


def _readable(replayed: Replayed) -> Replayed:
    """Without the difference of records that break the contract: those are told as what they are."""
    whole = replayed.sample.readable
    return replace(replayed, differs={name: differs & whole for name, differs in replayed.differs.items()})


def _comparison(predictor: Predictor, reference: Profile, summary: Summary, settings: CheckSettings) -> Comparison:
    return Comparison(reference, summary.profile, summary.sample, settings, defaults=predictor.defaults)


def _tests(comparison: Comparison, question: Question) -> Iterator[Test]:
    yield from distribution_tests(comparison)
    yield from aspect_tests(comparison)
    yield from outcome_tests(comparison)
    yield from selection_tests(comparison, *question.holdout)


def _without_ignored(findings: Sequence[Finding], settings: CheckSettings) -> list[Finding]:
    """Without what is found in columns of which the recipe wants to hear nothing."""
    return [
        finding
        for finding in findings
        if not any(
            settings.rule(str(name)).ignore for name in (finding.feature, finding.parameters.get("with")) if name is not None
        )
    ]


def _without_echoes(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Without what only repeats a fault: the distribution of a column that is renamed, of another type or written otherwise."""
    shifted = {f.feature for f in findings if f.skew_class == "distribution" and f.cause != "dependence_change"}
    broken = {
        f.feature for f in findings if f.skew_class == "schema" and f.kind == "engineering_fault" and f.cause != "infinite_value"
    }
    for finding in findings:
        is_echo = (
            finding.skew_class == "distribution"
            and finding.feature in broken
            and finding.cause in ("new_category", "share_change", "string_encoding")
        )
        pair = {finding.feature, finding.parameters.get("with")} if finding.cause == "dependence_change" else set()
        if not is_echo and not pair & shifted:
            yield finding


def _features(comparison: Comparison, replayed: Replayed | None) -> dict[str, FeatureReport]:
    reports = {}
    for name in comparison.reference.features:
        if name not in comparison.log.features:
            continue
        found = comparison.distance(name)
        differs = None if replayed is None or not replayed.has_features else int(replayed.differs[name].sum())
        counts = comparison.log.features[name].array
        reports[name] = FeatureReport(
            distance=found.largest,
            ks=found.ks,
            tvd=found.tvd,
            psi=found.psi,
            p_value=found.p_value,
            threshold=comparison.least(name),
            minimum_detectable=comparison.detectable(name),
            impact=comparison.reference.impact.get(name, 0.0),
            share_missing=float(counts[-1] / max(1, counts.sum())),
            defaulted=comparison.log.fields[name].defaulted.count,
            replayed_differences=differs,
        )
    for name, (aspect, found) in aspect_distances(comparison).items():
        differs = None if replayed is None or not replayed.has_features else int(replayed.differs[name].sum())
        n, counts = int(comparison.reference.aspects[aspect].found.array.sum()), comparison.log.aspects[aspect].array
        least = comparison.settings.effect_of(name)
        reports[name] = FeatureReport(
            distance=found.largest,
            ks=found.ks,
            tvd=found.tvd,
            psi=found.psi,
            p_value=found.p_value,
            threshold=least,
            minimum_detectable=max(least, smallest_seen_ks(n, int(counts.sum()), comparison.settings.rate, comparison.tests)),
            impact=comparison.reference.impact.get(name, 0.0),
            share_missing=float(counts[-1] / max(1, counts.sum())),
            defaulted=comparison.log.fields[name].defaulted.count,
            aspect=aspect,
            replayed_differences=differs,
        )
    return reports


def _budget(comparison: Comparison | None, settings: CheckSettings, replayed: Replayed | None) -> dict[str, float]:
    rows = 0 if replayed is None else int(replayed.sample.rows.size)
    return {
        "false_alarms_per_1000": settings.budget,
        "tests": 0 if comparison is None else comparison.tests,
        "replay_smallest_share": smallest_seen_share(rows),
    }


def _extra_values(files: Sequence[Path], log: LogProfile) -> dict[str, pl.Series]:
    """The first values of unknown columns, when a known one is missing that one of them may be."""
    if not files or not log.extra or not any(found.absent.count for found in log.fields.values()):
        return {}
    values: dict[str, list[pl.Series]] = {}
    for raw, _ in zip(read_log(files), range(4), strict=False):
        for name in log.extra:
            column = raw.inputs.get(name)
            if column is not None:
                values.setdefault(name, []).append(_series(column))
    joined = {}
    for name, parts in values.items():
        kinds = {part.dtype for part in parts}
        joined[name] = pl.concat(parts if len(kinds) == 1 else [part.cast(pl.String, strict=False) for part in parts])
    return joined


def _series(column: pl.Series | list[object]) -> pl.Series:
    from ymltrain.skew.records import as_series

    found = as_series(column)
    return (
        measured(found.alias("values"))
        if found.dtype.is_numeric() or found.dtype == pl.String
        else found.cast(pl.String, strict=False)
    )


def _scan_feature(files: Sequence[Path], predictor: Predictor, feature: str) -> Floats:
    """A feature's expected values for the log's records, the first of them when there are many."""
    columns = predictor.columns
    parts: list[Floats] = []
    rows = 0
    for raw in read_log(files):
        records = read_records(raw, rows, columns, predictor.defaults)
        if records.rows:
            encoder = predictor.encoders[feature]
            from ymltrain.data.reading import column_values, finite_or_null

            encoded = np.asarray(encoder.encode(finite_or_null(column_values(records.inputs, feature))), np.float64)
            parts.append(encoded.reshape(records.rows, -1))
        rows += records.rows
        if rows >= SCANNED_ROWS:
            break
    return np.concatenate(parts) if parts else np.empty((0, 1))


def _scan_predictions(files: Sequence[Path], predictor: Predictor) -> Floats:
    """Expected predictions for the log's first records."""
    parts: list[Floats] = []
    rows = 0
    for raw in read_log(files):
        records = read_records(raw, rows, predictor.columns, predictor.defaults)
        if records.rows:
            output = run_network(predictor, expected_features(predictor, records.inputs))
            parts.append(predictions_of(predictor, output).to_numpy())
        rows += records.rows
        if rows >= SCANNED_PREDICTIONS:
            break
    return np.concatenate(parts) if parts else np.empty(0)
