"""Distances between binned samples, how probable each is by chance, and what could have been seen.

`ks` is the greatest difference of the cumulative shares (Kolmogorov-Smirnov's D), `tvd` half the sum of the absolute
differences (total variation, what must move to make one the other), both in [0, 1] and over all bins: missing, never seen and
out of range included. Their probabilities: Kolmogorov's limit, conservative on bins; Pearson's chi-square of two samples, both
of them random (a reference is a sample too: testing against its shares as if they were exact raises false alarms to 48 % at
equal sizes). Many tests of one check are held together by Benjamini and Hochberg (1995), which bounds the chance of any
alarm on a clean log by the budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ymltrain.skew.histogram import Counts

if TYPE_CHECKING:
    from torch import Tensor

LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Distance:
    """How far two binned samples are apart, and the chance of that or more when nothing changed."""

    ks: float
    tvd: float
    psi: float
    p_value: float

    @property
    def largest(self) -> float:
        """The distance that decides: the larger of both."""
        return max(self.ks, self.tvd)


def compare_counts(reference: Counts, observed: Counts, *, is_ordered: bool) -> Distance:
    """The distance of two samples counted in the same bins; of ordered bins by both statistics, else by `tvd` alone."""
    n, m = int(reference.sum()), int(observed.sum())
    if not n or not m:
        return Distance(0.0, 0.0, 0.0, 1.0)
    expected, found = reference / n, observed / m
    coarse = _coarse(reference, observed) if is_ordered else (reference, observed)
    tvd = float(np.abs(coarse[0] / n - coarse[1] / m).sum() / 2)
    chi_square = _chi_square_p(*coarse)
    if not is_ordered:
        return Distance(0.0, tvd, _psi(expected, found), chi_square)
    ks = _ks(expected, found)
    p_value = min(1.0, 2 * min(chi_square, kolmogorov_p(ks, n, m)))
    return Distance(ks, tvd, _psi(expected, found), p_value)


def _ks(expected: npt.NDArray[np.float64], found: npt.NDArray[np.float64]) -> float:
    """With the missing (the last bin) put first: they are no large numbers."""
    difference = np.roll(found - expected, 1)
    return float(np.abs(np.cumsum(difference)).max())


def _coarse(reference: Counts, observed: Counts, groups: int = 16) -> tuple[Counts, Counts]:
    """Inner bins joined to about equal shares of the reference; the outer bins and the missing stay alone."""
    inner = reference[1:-2]
    share = np.cumsum(inner) - inner / 2
    label = np.minimum((share / max(1, inner.sum()) * groups).astype(np.int64), groups - 1) if inner.size else inner

    def joined(counts: Counts) -> Counts:
        middle = np.bincount(label, weights=counts[1:-2], minlength=groups).astype(np.int64)
        return np.concatenate([counts[:1], middle, counts[-2:]])

    return joined(reference), joined(observed)


def _psi(expected: npt.NDArray[np.float64], found: npt.NDArray[np.float64]) -> float:
    """The population stability index with shares held above 1e-4, as others print it; nothing is decided by it."""
    a, b = np.maximum(expected, 1e-4), np.maximum(found, 1e-4)
    return float(((b - a) * np.log(b / a)).sum())


def kolmogorov_p(distance: float, n: int, m: int) -> float:
    """The chance of a KS distance at least this large between samples of one distribution."""
    scale = np.sqrt(n * m / (n + m))
    argument = (scale + 0.12 + 0.11 / scale) * distance  # Stephens (1970) for small samples
    if argument < 0.2:
        return 1.0
    terms = np.arange(1, 101)
    return float(np.clip(2 * ((-1.0) ** (terms - 1) * np.exp(-2 * (terms * argument) ** 2)).sum(), 0, 1))


def _chi_square_p(reference: Counts, observed: Counts) -> float:
    """Two-sample chi-square; bins that expect fewer than five rows are joined to the next larger ones until none does."""
    from torch import float64, tensor  # of it are taken what SciPy has too, which takes most of a second to load
    from torch.special import gammaincc

    table = np.stack([reference, observed]).astype(np.float64)
    rows = table.sum(0)
    table, rows = table[:, rows > 0], rows[rows > 0]
    order = np.argsort(rows, kind="stable")
    table, smaller = table[:, order], rows[order] * min(table.sum(1)) / table.sum()
    rare = int(np.searchsorted(smaller, LEAST_EXPECTED))
    if rare:
        # one value beyond all of training's is no change: alone in its bin it would be a sure one
        joined = rare if smaller[:rare].sum() >= LEAST_EXPECTED else rare + 1
        table = np.concatenate([table[:, :joined].sum(1, keepdims=True), table[:, joined:]], axis=1)
    if table.shape[1] < 2:
        return 1.0
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    half = tensor([table.shape[1] - 1, statistic], dtype=float64) / 2
    return float(gammaincc(half[0], half[1]))


def proportion_p(reference_hits: int, n: int, observed_hits: int, m: int) -> float:
    """The two-sided chance of two shares as different as these: exact at small counts (the hits of both, hypergeometric)."""
    total = reference_hits + observed_hits
    if not n or not m or not total or total == n + m:
        return 1.0
    step = 1 if observed_hits * (n + m) >= total * m else -1  # the side of the smaller chance
    return min(1.0, 2 * _hypergeometric_tail((n, m, total), observed_hits, step))


def _hypergeometric_tail(drawn: tuple[int, int, int], hits: int, step: int) -> float:
    """The chance that of `total` hits among n + m rows the m have `hits` or more (step 1), or as many or fewer (step -1)."""
    from torch import arange, float64, lgamma

    n, m, total = drawn
    reach = int(12 * math.sqrt(total * (m / (n + m)) * (n / (n + m)))) + 100  # spreads beyond which nothing adds up
    last = min(total, m, hits + reach) if step > 0 else max(0, total - n, hits - reach)
    mine = arange(min(hits, last), max(hits, last) + 1, dtype=float64)
    theirs = total - mine

    def choose(rows: float, chosen: Tensor) -> Tensor:
        return math.lgamma(rows + 1) - lgamma(chosen + 1) - lgamma(rows - chosen + 1)

    ways = math.lgamma(n + m + 1) - math.lgamma(total + 1) - math.lgamma(n + m - total + 1)
    return min(1.0, float((choose(m, mine) + choose(n, theirs) - ways).exp().sum()))


def mean_p(reference: tuple[float, float, int], observed: tuple[float, float, int]) -> float:
    """The two-sided chance of two means as different as these, each given as mean, standard deviation, rows."""
    (a, s, n), (b, t, m) = reference, observed
    error = np.sqrt(s * s / max(1, n) + t * t / max(1, m))
    if error == 0:
        return 1.0 if a == b else 0.0
    return math.erfc(abs(b - a) / (error * math.sqrt(2)))


def discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which tests are significant while the false discovery rate is held (Benjamini and Hochberg, 1995)."""
    if not p_values:
        return []
    ordered = np.sort(np.asarray(p_values))
    passing = np.flatnonzero(ordered <= rate * np.arange(1, ordered.size + 1) / ordered.size)
    bound = ordered[passing[-1]] if passing.size else -1.0
    return [p <= bound for p in p_values]


def smallest_seen_ks(n: int, m: int, rate: float, tests: int) -> float:
    """The KS distance that a check of so many tests sees nine times in ten, when it is the only change."""
    if not n or not m:
        return 1.0
    scale = np.sqrt((n + m) / (n * m))
    critical = np.sqrt(-np.log(max(rate, 1e-12) / max(1, tests) / 4) / 2)
    return float(min(1.0, (critical + 0.64) * scale))  # 1.28 standard deviations of at most scale / 2


def smallest_seen_share(rows: int, confidence: float = 0.95) -> float:
    """The share of affected rows above which one of `rows` random rows is affected, with this confidence."""
    return float(1 - (1 - confidence) ** (1 / rows)) if rows else 1.0
