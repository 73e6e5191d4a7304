"""Which classes of skew a log allowed to look for, and what it lacks for the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ymltrain.skew.findings import TAXONOMY, CheckRun, SkewClass
from ymltrain.skew.log_profile import LogProfile
from ymltrain.skew.profile import Profile
from ymltrain.skew.replay import Replayed

if TYPE_CHECKING:
    from ymltrain.skew.check import Question

NO_PROFILE = "the bundle has no profile"
ONLY_PROFILE = "a profile of a log holds no records to replay"
OTHER_BUNDLES = "no record is of this bundle: check them with the version that served them"


def what_ran(log: LogProfile, reference: Profile | None, replayed: Replayed | None, question: Question) -> Iterator[CheckRun]:
    """One entry for each class."""
    recorded = set(log.recorded)
    reasons: dict[SkewClass, str] = {
        "schema": "",
        "transform": _transform(replayed, recorded, question),
        "distribution": NO_PROFILE if reference is None else "",
        "prediction": _prediction(reference, recorded),
        "numeric": _numeric(replayed, recorded, question),
        "time": _time(question),
        "version": "" if any(name in log.versions for name in log.versions) else "records carry no `bundle` and no `versions`",
        "sampling": ""
        if question.holdout[0] in recorded and reference is not None and replayed is not None
        else f"no record says in `{question.holdout[0]}` that it was held out",
    }
    for name, why in reasons.items():
        yield CheckRun(skew_class=name, ran=not why, why=why, taxonomy=TAXONOMY[name])


def _transform(replayed: Replayed | None, recorded: set[str], question: Question) -> str:
    if "features" not in recorded:
        return "records carry no `features` as they were served"
    return _not_replayed(replayed, question)


def _numeric(replayed: Replayed | None, recorded: set[str], question: Question) -> str:
    if "prediction" not in recorded:
        return "records carry no `prediction`"
    return _not_replayed(replayed, question)


def _not_replayed(replayed: Replayed | None, question: Question) -> str:
    if replayed is not None:
        return ""
    if question.profile is not None:
        return ONLY_PROFILE
    return OTHER_BUNDLES if question.settings.replay_rows else "no record was to be replayed (--replay-rows 0)"


def _prediction(reference: Profile | None, recorded: set[str]) -> str:
    if reference is None:
        return NO_PROFILE
    return "" if recorded & {"prediction", "label"} else "records carry neither `prediction` nor `label`"


def _time(question: Question) -> str:
    return "" if question.backfill is not None else "no values computed afterwards were given (--backfill)"
