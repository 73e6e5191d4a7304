"""Where a rank is within a step, so that one that hangs can be named."""

from __future__ import annotations

from time import perf_counter

PHASES = ("between steps", "the forward pass", "the backward pass", "the optimizer's step", "validation", "saving a checkpoint")

BETWEEN, FORWARD, BACKWARD, OPTIMIZER, VALIDATION, SAVING = range(len(PHASES))


class Pulse:
    """Written by training, read by whoever tells others that this rank lives; adds up the time in each phase."""

    def __init__(self) -> None:
        self.step = 0
        self.phase = 0
        self._since = perf_counter()
        self._times: dict[int, float] = {}

    def enter(self, phase: int, step: int | None = None) -> None:
        """Training enters a phase, by its number in `PHASES`."""
        now = perf_counter()
        self._times[self.phase] = self._times.get(self.phase, 0.0) + now - self._since
        self._since = now
        self.phase = phase
        if step is not None:
            self.step = step

    def take_times(self) -> dict[int, float]:
        """Seconds by phase since they were last taken."""
        times, self._times = self._times, {}
        return times
