"""Profiles: what a table held, as counts in bins fixed at training. Two of the same bins add up exactly.

A reference profile is of the training data and stands in the bundle; a log's profile is counted in the reference's bins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import canonical_json
from ymltrain.skew.aspects import Aspect
from ymltrain.skew.histogram import Distribution
from ymltrain.skew.settings import CheckSettings

PROFILE_VERSION = 1
__all__ = [
    "Dependence",
    "Distribution",
    "Mean",
    "Noise",
    "Profile",
    "Slice",
    "bin_names",
    "decode",
    "read_profile",
    "write_profile",
]


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of a number over rows, so that means and deviations of several logs add up."""

    rows: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, other: Mean) -> Mean:
        return Mean(rows=self.rows + other.rows, total=self.total + other.total, squares=self.squares + other.squares)

    @property
    def moments(self) -> tuple[float, float, int]:
        """Mean, standard deviation, rows."""
        mean = self.total / max(1, self.rows)
        return mean, math.sqrt(max(0.0, self.squares / max(1, self.rows) - mean * mean)), self.rows


class Dependence(msgspec.Struct, frozen=True, kw_only=True):
    """Which columns go together: correlations of their ranks in training, the upper triangle row by row, of `rows` rows."""

    columns: tuple[str, ...]
    rows: int
    correlations: tuple[float, ...]


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """A column's distance between a stretch of the training data and all of it, over stretches of `rows` rows in time order.

    What as many rows of any time show is taken off: it is the chance that tests reckon with anyway.
    """

    rows: int
    mean: float
    deviation: float


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one value of a category: how many, what was predicted of them, how wrong it was."""

    column: str
    value: str
    prediction: Mean
    error: Mean


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What training saw. `aspects` are what is counted of times, texts and vectors.

    `infinite` counts the infinities of numbers, which histograms hold as missing; None where an older ymltrain did not.

    `impact` is by how much predictions change, in their standard deviations, when a feature's values are shuffled;
    `settings` are those of the recipe;
    `error` is of rows that did not train: absolute differences, or 0 and 1 for right and wrong labels; `bias` is
    prediction minus label.
    """

    profile: int = PROFILE_VERSION
    model: str
    rows: int
    features: dict[str, Distribution]
    aspects: dict[str, Aspect] = {}
    infinite: dict[str, int] | None = None
    prediction: Distribution
    target: Distribution
    error: Mean
    bias: Mean
    dependence: Dependence
    noise: dict[str, Noise]
    impact: dict[str, float]
    slices: tuple[Slice, ...] = ()
    libraries: str = ""
    settings: CheckSettings = CheckSettings()


def write_profile(profile: Profile) -> bytes:
    """The profile as compact sorted JSON."""
    return canonical_json(profile) + b"\n"


def read_profile(path: Path) -> Profile:
    """A bundle's profile. Raises DataError (YT989) when there is none, or one that cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError("YT989", f"{path.parent} has no profile", "fit with `skew: {profile: true}`, the default") from None
    profile: Profile = decode(content, Profile, path)
    return profile


def decode(content: bytes, what: type[Any], path: Path) -> Any:
    """A profile of either kind from JSON. Raises DataError (YT989)."""
    try:
        return msgspec.json.decode(content, type=what)
    except msgspec.DecodeError as error:
        raise DataError("YT989", f"{path} is not a profile this version reads: {error}", "make it again") from None


def bin_names(distributions: Mapping[str, Distribution]) -> dict[str, list[str]]:
    """The names of every column's bins."""
    return {name: found.bins.names for name, found in distributions.items()}
