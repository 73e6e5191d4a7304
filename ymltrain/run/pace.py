"""How many optimizer steps one call of Lightning takes: enough to make its own work between calls cheap."""

from __future__ import annotations

LARGEST_GROUP = 32
SECONDS_PER_GROUP = 0.25
FIRST_MEASURED = 8
MEASURED_EVERY = 16


class Pace:
    """Chosen by measured step time; weights are the same for any choice. `fixed` sets it once and for all."""

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._steps = fixed or 1
        self._groups = 0

    def steps(self) -> int:
        """Steps to take in the next group."""
        return self._steps

    def measures(self) -> bool:
        """Whether the time of the group that was taken counts: of the first ones and then of some, as ranks have to agree on it."""
        self._groups += 1
        return self._fixed is None and (self._groups <= FIRST_MEASURED or self._groups % MEASURED_EVERY == 0)

    def learn(self, seconds: float, steps: int) -> None:
        """Take in how long a group took."""
        if self._fixed is None and steps:
            fitting = SECONDS_PER_GROUP * steps / max(seconds, 1e-6)
            self._steps = max(1, min(LARGEST_GROUP, int(fitting)))
