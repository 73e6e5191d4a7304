"""What a person should know of a check besides its findings."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.bundle.predictor import Predictor
from ymltrain.skew.aspect_tests import spans_enough
from ymltrain.skew.aspects import SPANS
from ymltrain.skew.log_profile import LogProfile
from ymltrain.skew.measures import UNMEASURED
from ymltrain.skew.profile import Profile
from ymltrain.skew.replay import Replayed


def notes_on(predictor: Predictor, reference: Profile | None, log: LogProfile, replayed: Replayed | None) -> Iterator[str]:
    """A sentence each: what was not compared, what defaults stood in for, odd records."""
    yield from () if reference is None else _not_compared(predictor, reference, log)
    yield from _inputs(predictor, log)
    if log.repeated.count:
        yield f"{log.repeated.count:,} records repeat a request id, first {log.repeated.value}; they are counted each time"
    if log.out_of_order.count:
        yield f"{log.out_of_order.count:,} records stand before an earlier one; times are of the log's order"
    if replayed is not None and replayed.left_out:
        yield f"{replayed.left_out:,} drawn records are of other bundles and were not replayed"


def _not_compared(predictor: Predictor, reference: Profile, log: LogProfile) -> Iterator[str]:
    counted = {aspect.column for aspect in reference.aspects.values()}
    for name, reading in predictor.columns.items():
        if reading.type in UNMEASURED and name not in counted:
            yield f"the distribution of {name} was not compared: the bundle's profile holds nothing of it ({reading.type})"
    for name, aspect in reference.aspects.items():
        if log.spans.get(aspect.column) and not spans_enough(log, aspect):
            yield f"{name} was not compared: the log's times span less than {SPANS[aspect.kind] / 3600:g} hours"


def _inputs(predictor: Predictor, log: LogProfile) -> Iterator[str]:
    for name, default in predictor.defaults.values.items():
        if count := log.fields[name].defaulted.count:
            why = "it is known later only" if name in predictor.defaults.always else "they had no value"
            yield f"{count:,} of {log.rows:,} records were served {name}'s declared default {default!r}: {why}"
    trains = predictor.contract.environments.get("TRAIN", {}).get("properties", {})
    training_only = [name for name in log.extra if name in trains]
    if training_only:
        yield f"columns that training alone should have are in the log's inputs: {', '.join(training_only)}"
    if log.extra:
        yield f"input columns that the contract does not know, and nothing reads: {', '.join(list(log.extra)[:8])}"
