"""Which rank hangs: one that gives no sign of life, or the one that is furthest behind while none moves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ymltrain.launch.messages import Beat, Failed, Hello
from ymltrain.run.pulse import PHASES


@dataclass
class RankState:
    """What is known of a rank: when it was last heard, and when it last moved on."""

    pid: int
    heard: float
    moved: float
    at: tuple[int, int] = (0, 0)
    is_training: bool = False


@dataclass
class Watch:
    """The ranks of one generation of workers, as their messages tell of them."""

    patience: float
    ranks: dict[int, RankState] = field(default_factory=dict)
    failures: dict[int, Failed] = field(default_factory=dict)
    hung: str = ""

    def greet(self, hello: Hello) -> None:
        """A rank of this or of a new generation is there."""
        now = time.monotonic()
        if hello.rank in self.ranks:
            self.forget()
        self.ranks[hello.rank] = RankState(hello.pid, now, now)

    def forget(self) -> None:
        """A new generation begins."""
        self.ranks.clear()
        self.failures.clear()
        self.hung = ""

    def hear(self, beat: Beat) -> None:
        """A rank lives."""
        state = self.ranks.get(beat.rank)
        if state is None:
            return
        state.heard = time.monotonic()
        if (beat.step, beat.phase) != state.at:
            state.at, state.moved, state.is_training = (beat.step, beat.phase), state.heard, True

    def hanging(self) -> tuple[int, str] | None:
        """The pid of a rank that hangs, and what to say of it."""
        now = time.monotonic()
        for rank, state in self.ranks.items():
            if now - state.heard > self.patience and rank not in self.failures:
                return state.pid, f"rank {rank} (process {state.pid}) gives no sign of life since {now - state.heard:.0f} s"
        training = {rank: state for rank, state in self.ranks.items() if state.is_training}
        if not training or any(now - state.moved < self.patience for state in self.ranks.values()):
            return None
        rank, state = min(training.items(), key=lambda item: item[1].at)
        if all(other.at == state.at for other in training.values()):
            return None  # all wait at one place: a long validation, or a collective that torch itself times out
        step, phase = state.at
        where = f"step {step + 1}, in {PHASES[phase]}"
        return (
            state.pid,
            f"rank {rank} (process {state.pid}) hangs since {now - state.moved:.0f} s: {where}; the others wait for it",
        )
