"""What every pruner must do.

A pruner's own tests subclass the kit in a module of theirs

    class TestMyPruner(PrunerKit):
        def make(self):
            return MyPruner(MyParams())

and pytest runs what they inherit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ymltrain.api import Curve, Pruner

EPOCHS = 9
TRIALS = 24


@dataclass
class Trained:
    """A trial of the kit's study: `losses` are those it reports if it is let."""

    losses: tuple[float, ...]
    epochs: int = 0
    state: str = "running"

    def curve(self, number: int) -> Curve:
        """The trial as a pruner sees it."""
        return Curve(number=number, losses=self.losses[: self.epochs], state=self.state)  # type: ignore[arg-type]  # a Literal


class PrunerKit:
    """The tests, as pytest collects them."""

    def make(self) -> Pruner:
        """A pruner as a study makes it."""
        raise NotImplementedError

    def test_it_is_a_function_of_its_arguments(self) -> None:
        """Two pruners, one of which has decided before, decide alike."""
        assert [trial.epochs for trial in self.searched()] == [trial.epochs for trial in self.searched()]
        used = self.make()
        curves = {number: trial.curve(number) for number, trial in enumerate(self.searched())}
        used.decide(0, curves, EPOCHS)
        assert used.promote(curves, EPOCHS) == self.make().promote(curves, EPOCHS)

    def test_a_lone_trial_comes_to_its_end(self) -> None:
        """The first trial of a study is never stopped; one that is paused goes on when nothing else is there."""
        (trial,) = self.searched(trials=1)
        assert trial.state in ("complete", "paused")

    def test_the_best_trial_comes_to_its_end(self) -> None:
        """A trial that is better than all others at every epoch is not pruned."""
        trials = self.searched()
        best = min(range(len(trials)), key=lambda number: trials[number].losses[0])
        assert trials[best].epochs == EPOCHS

    def test_bad_trials_are_spared(self) -> None:
        """Of trials that differ, some are pruned."""
        assert sum(trial.epochs for trial in self.searched()) < EPOCHS * TRIALS

    def test_rungs_lie_within_training(self) -> None:
        """What it says of its rungs is in order: later epochs, fewer trials, none beyond the last epoch."""
        rungs = list(self.make().rungs(TRIALS, EPOCHS))
        epochs, trials = [rung.epoch for rung in rungs], [rung.trials for rung in rungs]
        assert epochs == sorted(set(epochs))
        assert all(1 <= epoch <= EPOCHS for epoch in epochs)
        assert all(0 < count <= TRIALS for count in trials)

    def searched(self, trials: int = TRIALS) -> list[Trained]:
        """A study whose trials run one after another; trial n has its own loss, falling a little with each epoch."""
        pruner = self.make()
        study = [Trained(tuple(self._loss(number, epoch) for epoch in range(EPOCHS))) for number in range(trials)]
        begun: list[int] = []
        while True:
            curves = {number: study[number].curve(number) for number in begun}
            promoted = pruner.promote(curves, EPOCHS)
            if promoted is None and len(begun) == trials:
                return study
            number = len(begun) if promoted is None else promoted
            if promoted is None:
                begun.append(number)
            self._train(study, begun, number, pruner)

    def _train(self, study: list[Trained], begun: list[int], number: int, pruner: Pruner) -> None:
        trial = study[number]
        trial.state = "running"
        while trial.state == "running":
            trial.epochs += 1
            if trial.epochs == EPOCHS:
                trial.state = "complete"
                return
            curves = {other: study[other].curve(other) for other in begun}
            verdict = pruner.decide(number, curves, EPOCHS)
            trial.state = {"continue": "running", "stop": "pruned", "pause": "paused"}[verdict]

    def _loss(self, number: int, epoch: int) -> float:
        """Losses in no order over trials; every third trial gets worse after its fourth epoch."""
        level = 1.0 + ((number * 7) % TRIALS) / TRIALS
        worse = 0.1 * max(0, epoch - 3) if number % 3 == 1 else 0.0
        return level - 0.01 * epoch + worse
