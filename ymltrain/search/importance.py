"""How much each tuned key mattered: permutation importance of a random forest over the complete trials (Breiman 2001).

scikit-learn computes both (extra `importance`). The forest predicts the metric from the positions of a trial's values; a key
matters as far as the prediction gets worse when its values are shuffled among the trials. How well the forest predicts trials
that it has not seen says how far to trust this.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from ymltrain.search.study import Study, Trial

FEWEST = 15
MOST = 2_000
TREES = 100
REPEATS = 10
OFF_BRANCH = -1.0


@dataclass(frozen=True)
class Importance:
    """Shares of the keys by path, the largest first, with their deviation; `fit` is the forest's R² on unseen trials."""

    shares: tuple[tuple[str, float, float], ...]
    fit: float


def importance(study: Study) -> Importance | str:
    """The importance of each key, or why it cannot be told."""
    trials = [trial for trial in study.visible if trial.state == "complete" and trial.value is not None]
    if len(trials) < FEWEST:
        return f"it takes {FEWEST} complete trials, and there are {len(trials)}"
    if find_spec("sklearn") is None:
        return "it takes scikit-learn: pip install 'ymltrain[importance]'"
    return _by_forest(study, trials[-MOST:])


def _by_forest(study: Study, trials: list[Trial]) -> Importance | str:
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    dimensions = study.spec.space.dimensions
    rows = np.array([[_position(study, trial, index) for index in range(len(dimensions))] for trial in trials])
    losses = np.array([study.loss(trial.value or 0.0) for trial in trials])
    ranks = losses.argsort().argsort().astype(float)  # a few diverged trials would otherwise be all there is to explain
    if len(set(losses.tolist())) == 1:
        return "all trials have the same value"
    forest = RandomForestRegressor(TREES, oob_score=True, random_state=0, n_jobs=1).fit(rows, ranks)
    measured = permutation_importance(forest, rows, ranks, n_repeats=REPEATS, random_state=0)
    means, deviations = np.maximum(measured.importances_mean, 0.0), measured.importances_std
    total = float(means.sum()) or 1.0
    shares: dict[str, tuple[float, float]] = {}
    for dimension, mean, deviation in zip(dimensions, means.tolist(), deviations.tolist(), strict=True):
        before = shares.get(dimension.path, (0.0, 0.0))
        shares[dimension.path] = (before[0] + mean / total, before[1] + deviation / total)
    ordered = sorted(((path, share, deviation) for path, (share, deviation) in shares.items()), key=lambda entry: -entry[1])
    return Importance(tuple(ordered), float(forest.oob_score_))


def _position(study: Study, trial: Trial, index: int) -> float:
    dimension = study.spec.space.dimensions[index]
    if not dimension.is_active(trial.point):
        return OFF_BRANCH
    return dimension.domain.position(trial.point[dimension.path])
