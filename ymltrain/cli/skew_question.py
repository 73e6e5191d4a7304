"""From the options of `skew check` to what is asked: logs or profiles, joined tables, settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import UsageError
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.backfill import read_side_table
from ymltrain.skew.check import Question
from ymltrain.skew.log import log_files, read_log
from ymltrain.skew.log_profile import LogProfile, merge_profiles
from ymltrain.skew.profile import Profile, decode
from ymltrain.skew.selection import HOLDOUT_FIELD, HOLDOUT_VALUE
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.summary import Inputs, summarise_log


def ask(
    logs: Sequence[Path], labels: Path | None, backfill: Path | None, windows: int, holdout: str | None, settings: CheckSettings
) -> Question:
    """The question that the options put. Raises UsageError, DataError."""
    marked = (HOLDOUT_FIELD, HOLDOUT_VALUE)
    if holdout is not None:
        name, found, value = holdout.partition("=")
        if not found or not name:
            raise click.UsageError("--holdout takes FIELD=VALUE")
        marked = (name, value)
    profiles = _profiles(logs)
    if profiles and (labels or backfill):
        raise UsageError(
            "YT991", "labels and backfilled values are joined to records, which a profile does not hold", "give the log"
        )
    return Question(
        files=[] if profiles else log_files(logs),
        profile=merge_profiles(profiles) if profiles else None,
        labels=None if labels is None else read_side_table(labels, "labels"),
        backfill=None if backfill is None else read_side_table(backfill, "values computed afterwards"),
        windows=windows,
        holdout=marked,
        settings=settings,
    )


def changed_settings(
    settings: CheckSettings, budget: float | None, min_effect: float | None, replay_rows: int | None
) -> CheckSettings:
    """The recipe's settings with those of the command line over them."""
    given = {"budget": budget, "min_effect": min_effect, "replay_rows": replay_rows}
    return msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})


def make_log_profile(predictor: Predictor, reference: Profile | None, logs: Sequence[Path]) -> LogProfile:
    """One profile of logs, or of profiles."""
    profiles = _profiles(logs)
    if profiles:
        return merge_profiles(profiles)
    inputs = Inputs(stamp_of(predictor.contract).bundle, predictor.columns, predictor.defaults)
    return summarise_log(read_log(log_files(logs)), inputs, reference, 0).profile


def _profiles(logs: Sequence[Path]) -> list[LogProfile]:
    """The profiles among what was named; UsageError when there are logs too."""
    named = [path for path in logs if path.suffix == ".json"]
    if named and len(named) < len(logs):
        raise UsageError("YT991", "logs and profiles of logs are checked apart", "profile the logs first: ymltrain skew profile")
    found = []
    for path in named:
        if not path.is_file():
            raise UsageError("YT991", f"there is no profile {path}", "make one with ymltrain skew profile")
        found.append(decode(path.read_bytes(), LogProfile, path))
    return found
