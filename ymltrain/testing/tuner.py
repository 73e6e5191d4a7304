"""What every tuner must do.

A tuner's own tests subclass the kit in a module of theirs

    class TestMyTuner(TunerKit):
        def make(self):
            return MyTuner(MyParams())

and pytest runs what they inherit. A tuner that refuses the kit's space, which has a key of each kind, overrides `space`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ymltrain.api import (
    Choice,
    Condition,
    Constraint,
    Dimension,
    Int,
    LogUniform,
    Normal,
    Ordinal,
    PastTrial,
    Space,
    Switch,
    Tuner,
    Uniform,
)

TRIALS = 30


class TunerKit:
    """The tests, as pytest collects them."""

    draws = True
    """Whether suggestions hang on the seed."""

    def make(self) -> Tuner:
        """A tuner as a study makes it."""
        raise NotImplementedError

    def space(self) -> Space:
        """A space that the tuner can search: by default a key of each kind, a switch and a constraint."""
        on_b = (Condition(switch="kind", branch="b"),)
        return Space(
            dimensions=(
                Dimension(path="rate", domain=LogUniform(low=1e-4, high=1e-1)),
                Dimension(path="share", domain=Uniform(low=0.0, high=0.5, step=0.1)),
                Dimension(path="layers", domain=Int(low=1, high=4)),
                Dimension(path="width", domain=Int(low=8, high=512, log=True)),
                Dimension(path="offset", domain=Normal(mean=0.0, std=1.0, low=-4.0, high=4.0)),
                Dimension(path="batch", domain=Ordinal(values=(16, 32, 64))),
                Dimension(path="hidden", domain=Choice(values=([8], [8, 8], None))),
                Dimension(path="kind", domain=Switch(branches={"a": {}, "b": {"type": "b"}})),
                Dimension(path="kind.momentum", domain=Uniform(low=0.0, high=0.9), when=on_b),
            ),
            constraints=(Constraint(operation="product", paths=("rate", "batch"), at_most=4.0),),
        )

    def test_it_takes_the_space(self) -> None:
        """It has nothing against the space that it is tested with."""
        assert list(self.make().problems(self.space())) == []

    def test_suggestions_are_points_of_the_space(self) -> None:
        """Every key of the branch has a value of its domain, and no other key is there; plain Python values only."""
        for trial in self.searched(seed=1):
            assert self.space().contains(trial.point), trial.point
            assert all(_is_plain(value) for value in trial.point.values()), trial.point

    def test_it_is_a_function_of_its_arguments(self) -> None:
        """The same arguments give the same suggestion, in another object and after other questions too."""
        history = self.searched(seed=1)
        used = self.make()
        used.suggest(self.space(), [], [], 5)
        again = used.suggest(self.space(), history, [], 1)
        assert again == self.make().suggest(self.space(), history, [], 1)

    def test_another_seed_gives_other_trials(self) -> None:
        """A tuner that draws draws otherwise with another seed; one that does not, does not."""
        one, other = (tuple(str(trial.point) for trial in self.searched(seed, 5)) for seed in (1, 2))
        assert (one != other) == self.draws

    def test_pending_points_are_not_suggested_again(self) -> None:
        """Trials that run at once differ."""
        pending: list[Mapping[str, Any]] = []
        for _ in range(4):
            suggested = self.make().suggest(self.space(), [], pending, 1)
            assert suggested is not None
            assert suggested not in pending
            pending.append(suggested)

    def test_it_goes_on_after_failures_and_pruned_trials(self) -> None:
        """A history without a single complete trial, and one of trials on one branch only, are no obstacle."""
        points = [trial.point for trial in self.searched(seed=1)]
        failed = [PastTrial(number=number, point=point, state="failed", loss=None) for number, point in enumerate(points)]
        pruned = [
            PastTrial(number=number, point=point, state="pruned", loss=1.0, epochs=1 + number % 3)
            for number, point in enumerate(points)
        ]
        for history in (failed, pruned, [*failed[:15], *pruned[15:]]):
            suggested = self.make().suggest(self.space(), history, [], 3)
            assert suggested is None or self.space().contains(suggested)

    def searched(self, seed: int, trials: int = TRIALS) -> list[PastTrial]:
        """The first trials of a study in which a smaller rate and a larger batch are better."""
        tuner, space = self.make(), self.space()
        history: list[PastTrial] = []
        refused: list[Mapping[str, Any]] = []
        while len(history) < trials:
            point = tuner.suggest(space, history, refused, seed)
            if point is None:
                break
            if not space.allows(point):
                refused.append(point)
                continue
            refused = []
            history.append(PastTrial(number=len(history), point=dict(point), state="complete", loss=_loss(point), epochs=9))
        return history


def _loss(point: Mapping[str, Any]) -> float:
    numbers: Sequence[float] = [value for value in point.values() if isinstance(value, int | float)]
    return float(sum((number - 0.1) ** 2 for number in numbers))


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in (int, float, str, bool, list, dict, tuple)
