"""The statistical tests of one check, held together by its alarm budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ymltrain.skew.findings import Finding
from ymltrain.skew.statistics import discoveries


@dataclass(frozen=True)
class Test:
    """A test of one change: its chance when nothing changed, the effect found, the least that matters, and what to report."""

    p_value: float
    effect: float
    least: float
    report: Callable[[], Finding | None]


def passed_tests(tests: Sequence[Test], rate: float) -> Iterator[Finding]:
    """Findings of the tests that are significant together at this rate and large enough to matter."""
    for test, is_found in zip(tests, discoveries([test.p_value for test in tests], rate), strict=True):
        if is_found and test.effect >= test.least:
            found = test.report()
            if found is not None:
                yield found
