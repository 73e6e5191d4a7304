"""Search quality: the built-in `tpe` against raw hyperopt's default and Optuna's TPESampler; `random` against numpy's.

Six functions, the best value after 100 and 200 evaluations, paired over seeds (each side gets the same seeds, and all sides run
in one process). Reported are means, the mean difference with a 95 % bootstrap interval, and p of a one-sided Wilcoxon
signed-rank test that ours is worse. Ours fails against hyperopt where p < 0.05.

    python benchmarks/search_quality.py                 5 seeds, some minutes
    python benchmarks/search_quality.py --seeds 20      as published in docs/benchmarks.md; an hour or so
    python benchmarks/search_quality.py --ours anneal   another built-in tuner in tpe's place
"""

import argparse
import json
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ymltrain.api import Choice, Condition, Dimension, Int, LogUniform, Ordinal, PastTrial, Space, Switch, Uniform
from ymltrain.catalog.catalog import Catalog
from ymltrain.plan.search.spec import Budget, SearchSpec
from ymltrain.search.asking import Candidates
from ymltrain.search.study import Knowledge

EVALUATIONS = 200
MARKS = (100, 200)


@dataclass(frozen=True)
class Problem:
    """A function to minimise over a space."""

    name: str
    space: Space
    loss: Callable[[dict], float]


def box(count: int, low: float, high: float) -> Space:
    return Space(dimensions=tuple(Dimension(path=f"x{index}", domain=Uniform(low=low, high=high)) for index in range(count)))


def vector(point: dict) -> np.ndarray:
    return np.array([point[f"x{index}"] for index in range(len(point))])


def branin(point: dict) -> float:
    x, y = point["x0"], point["x1"]
    return (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
HARTMANN_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])


def hartmann6(point: dict) -> float:
    return -float(HARTMANN_ALPHA @ np.exp(-(HARTMANN_A * (vector(point) - HARTMANN_P) ** 2).sum(1)))


def rosenbrock10(point: dict) -> float:
    x = vector(point)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def ackley5(point: dict) -> float:
    x = vector(point) - np.array([3.1, -7.4, 1.9, 11.3, -2.2])  # not at the middle of the box, which a prior might favour
    return float(-20 * math.exp(-0.2 * math.sqrt((x**2).mean())) - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)


def conditional(point: dict) -> float:
    shared = 2 * (point["x"] - 0.7) ** 2
    if point["kind"] == "a":
        return shared + 0.6 + 0.05 * ((point["kind.a1"] - 2) ** 2 + (point["kind.a2"] + 1) ** 2)
    if point["kind"] == "b":
        return shared + 0.4 + 0.5 * abs(math.log10(point["kind.b1"]) + 2)
    rest = [point[f"kind.c{index}"] - target for index, target in ((1, 0.5), (2, -2.5), (3, 3.0))]
    return shared + sum(0.08 * value**2 + 0.1 * (1 - math.cos(3 * value)) for value in rest)


def mixed(point: dict) -> float:
    lr = math.log10(point["lr"])
    noise = math.log2(point["batch"] / 64)
    act = {"relu": 0.0, "tanh": 0.4, "gelu": -0.1, "selu": 0.25}[point["act"]]
    shape = 0.12 * (point["layers"] - 4) ** 2 + 0.5 * (math.log2(point["width"]) - 7) ** 2 / 4
    return (lr + 2.5 - 0.2 * noise) ** 2 + shape + act + 6 * (point["dropout"] - 0.15) ** 2 + 0.02 * noise**2


def problems() -> list[Problem]:
    def on(branch: str) -> tuple[Condition, ...]:
        return (Condition(switch="kind", branch=branch),)

    five = Uniform(low=-5.0, high=5.0)
    conditional_space = Space(
        dimensions=(
            Dimension(path="x", domain=Uniform(low=0.0, high=1.0)),
            Dimension(path="kind", domain=Switch(branches={"a": {}, "b": {}, "c": {}})),
            Dimension(path="kind.a1", domain=five, when=on("a")),
            Dimension(path="kind.a2", domain=five, when=on("a")),
            Dimension(path="kind.b1", domain=LogUniform(low=1e-5, high=1.0), when=on("b")),
            *(Dimension(path=f"kind.c{index}", domain=five, when=on("c")) for index in (1, 2, 3)),
        )
    )
    mixed_space = Space(
        dimensions=(
            Dimension(path="lr", domain=LogUniform(low=1e-6, high=1.0)),
            Dimension(path="batch", domain=Ordinal(values=(16, 32, 64, 128, 256, 512))),
            Dimension(path="layers", domain=Int(low=1, high=12)),
            Dimension(path="width", domain=Int(low=8, high=1024, log=True)),
            Dimension(path="act", domain=Choice(values=("relu", "tanh", "gelu", "selu"))),
            Dimension(path="dropout", domain=Uniform(low=0.0, high=0.8, step=0.05)),
        )
    )
    branin_space = Space(
        dimensions=(
            Dimension(path="x0", domain=Uniform(low=-5.0, high=10.0)),
            Dimension(path="x1", domain=Uniform(low=0.0, high=15.0)),
        )
    )
    return [
        Problem("branin", branin_space, branin),
        Problem("hartmann6", box(6, 0.0, 1.0), hartmann6),
        Problem("rosenbrock10", box(10, -5.0, 5.0), rosenbrock10),
        Problem("ackley5", box(5, -32.0, 32.0), ackley5),
        Problem("conditional", conditional_space, conditional),
        Problem("mixed", mixed_space, mixed),
    ]


def ours(tuner: str, problem: Problem, seed: int, params: dict | None = None) -> list[float]:
    """What a study does with one worker, nothing else."""
    loaded = Catalog.installed().load("tuner", tuner)
    spec = SearchSpec(metric="val/loss", goal="minimize", budget=Budget(), space=problem.space)
    candidates = Candidates(spec, loaded.implementation(loaded.params(**(params or {}))), tuner, seed)
    history: list[PastTrial] = []
    for number in range(EVALUATIONS):
        found = candidates.next(Knowledge(history, [], {}))
        assert found is not None
        point, _ = found
        history.append(PastTrial(number=number, point=point, state="complete", loss=problem.loss(point)))
    return [trial.loss for trial in history]


def hyperopt_leaf(domain, label: str):
    """The distribution that hyperopt's documentation has for a domain."""
    from hyperopt import hp

    if isinstance(domain, LogUniform):
        return hp.loguniform(label, math.log(domain.low), math.log(domain.high))
    if isinstance(domain, Int) and domain.log:
        return hp.qloguniform(label, math.log(domain.low), math.log(domain.high), 1)
    if isinstance(domain, Int):
        return hp.uniformint(label, domain.low, domain.high)
    if isinstance(domain, Uniform) and domain.step is None:
        return hp.uniform(label, domain.low, domain.high)
    if isinstance(domain, Uniform):
        return hp.quniform(label, domain.low, domain.high, domain.step)
    return hp.choice(label, list(domain.values))


def raw_hyperopt(problem: Problem, seed: int) -> list[float]:
    """As hyperopt's own tutorial does it: fmin, tpe.suggest with its defaults, its own space."""
    from hyperopt import Trials, fmin, hp, tpe

    def tree(when: tuple[Condition, ...]):
        space = {}
        for dimension in problem.space.dimensions:
            domain, label = dimension.domain, dimension.path
            if dimension.when == when and isinstance(domain, Switch):
                branches = [(name, tree((*when, Condition(switch=label, branch=name)))) for name in domain.branches]
                space[label] = hp.choice(label, [{label: name, **below} for name, below in branches])
            elif dimension.when == when:
                space[label] = hyperopt_leaf(domain, label)
        return space

    def loss(point: dict) -> float:
        flat = {}
        for key, value in point.items():
            flat |= value if isinstance(value, dict) else {key: value}
        return problem.loss(flat)

    trials = Trials()
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fmin(loss, tree(()), tpe.suggest, EVALUATIONS, trials=trials, rstate=rng, show_progressbar=False, verbose=False)
    return [float(value) for value in trials.losses()]


def optuna_tpe(problem: Problem, seed: int) -> list[float]:
    """Optuna's default sampler, define-by-run."""
    import optuna

    def suggest(trial, domain, label):
        if isinstance(domain, LogUniform):
            return trial.suggest_float(label, domain.low, domain.high, log=True)
        if isinstance(domain, Int):
            return trial.suggest_int(label, domain.low, domain.high, log=domain.log)
        if isinstance(domain, Uniform):
            return trial.suggest_float(label, domain.low, domain.high, step=domain.step)
        return trial.suggest_categorical(label, list(domain.names if isinstance(domain, Switch) else domain.values))

    def loss(trial) -> float:
        point: dict = {}
        for dimension in problem.space.dimensions:
            if dimension.is_active(point):
                point[dimension.path] = suggest(trial, dimension.domain, dimension.path)
        return problem.loss(point)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.optimize(loss, EVALUATIONS)
    return [trial.value for trial in study.trials]


def numpy_random(problem: Problem, seed: int) -> list[float]:
    """Independent uniform positions, from another generator than ours."""
    rng = np.random.default_rng(seed)
    labels = [dimension.label for dimension in problem.space.dimensions]
    return [
        problem.loss(problem.space.point(dict(zip(labels, rng.random(len(labels)).tolist(), strict=True))))
        for _ in range(EVALUATIONS)
    ]


def best_at(losses: list[float], mark: int) -> float:
    return min(losses[:mark])


def compare(one: list[float], other: list[float]) -> dict:
    """The mean difference with its interval, and how likely one is no worse than the other."""
    from scipy.stats import bootstrap, wilcoxon

    differences = np.array(one) - np.array(other)
    if not differences.any():
        return {"difference": 0.0, "interval": [0.0, 0.0], "p_worse": 1.0}
    low, high = bootstrap((differences,), np.mean, rng=0, n_resamples=5_000).confidence_interval
    p = wilcoxon(differences, alternative="greater").pvalue
    return {"difference": float(differences.mean()), "interval": [float(low), float(high)], "p_worse": float(p)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--ours", default="tpe")
    arguments.add_argument("--params", type=json.loads, default={})
    arguments.add_argument("--only", default="")
    asked = arguments.parse_args()
    sides = {
        asked.ours: partial(ours, asked.ours, params=asked.params),
        "hyperopt": raw_hyperopt,
        "optuna": optuna_tpe,
        "random": partial(ours, "random"),
        "numpy": numpy_random,
    }
    failed = False
    for problem in problems():
        if asked.only and problem.name not in asked.only.split(","):
            continue
        found: dict[str, list[list[float]]] = {name: [] for name in sides}
        started = time.perf_counter()
        for seed in range(asked.seeds):
            for name, side in sides.items():
                found[name].append(side(problem=problem, seed=seed))
        for mark in MARKS:
            best = {name: [best_at(losses, mark) for losses in runs] for name, runs in found.items()}
            means = "  ".join(f"{name} {statistics.fmean(values):.4g}" for name, values in best.items())
            against = {peer: compare(best[asked.ours], best[peer]) for peer in ("hyperopt", "optuna")}
            against["random/numpy"] = compare(best["random"], best["numpy"])
            worse = against["hyperopt"]["p_worse"] < 0.05
            failed = failed or worse
            print(f"{problem.name} @ {mark}: {means}")
            for peer, result in against.items():
                low, high = result["interval"]
                print(
                    f"    against {peer}: {result['difference']:+.4g} [{low:+.4g}, {high:+.4g}], p(worse) {result['p_worse']:.3f}"
                )
            means_by_name = {name: statistics.fmean(values) for name, values in best.items()}
            print(
                json.dumps({"benchmark": f"search-{problem.name}-{mark}", "seeds": asked.seeds, "means": means_by_name, **against})
            )
        print(f"    {time.perf_counter() - started:.0f} s", flush=True)
    print("ours is significantly worse than hyperopt somewhere" if failed else "ours is nowhere significantly worse than hyperopt")
    sys.exit(failed)


if __name__ == "__main__":
    main()
