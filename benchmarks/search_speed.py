"""What a search costs beside training: asking, the journal, a trial in a warm worker.

- Ask at 1,000 past trials of 10 keys against raw hyperopt's `tpe.suggest` on the same history; bound 1.6 ×.
- A journal of 10,000 trials: resumed in under 2 s, reported in under 10 s (a stated bound of seconds, printed, not asserted).
- A trial of one epoch of one step over 300 rows in a warm worker, from the end of one trial to the end of the next: all of it
  counts as overhead; bound 60 ms.
- Trials that take a second or so on one thread, by one worker and by two: at least 1.7 times as many a second.

    python benchmarks/search_speed.py [ask|trial|workers|journal]...
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from itertools import pairwise
from pathlib import Path

from measure import ROOT, report

from ymltrain.api import Dimension, PastTrial, Space, Uniform
from ymltrain.catalog.catalog import Catalog
from ymltrain.plan.search.spec import Budget, SearchSpec
from ymltrain.search.asking import Candidates
from ymltrain.search.directory import StudyDirectory
from ymltrain.search.events import Asked, Opened, Placed, Reported, Told
from ymltrain.search.study import Knowledge

TRIALS = 10_000
RECIPE = f"""\
recipe: 1
name: overhead
datasource: {ROOT}/recipes/data/penguins.csv
features: {{bill_length_mm: number, bill_depth_mm: number}}
target: body_mass_g
model: {{type: mlp, hidden: [8]}}
trainer: {{max_epochs: 1, batch_size: 512}}
tuner: {{type: random, metric: val/loss, max_trials: 40, space: {{optimizer.lr: {{loguniform: [1e-4, 1e-1]}}}}}}
"""
WORKERS = f"""\
recipe: 1
extends: [{ROOT}/recipes/diamonds.yaml]
name: workers
tracker: []
trainer: {{max_epochs: 3, batch_size: 1024, early_stopping: null}}
tuner: {{type: random, metric: val/rmse, max_trials: 16, space: {{optimizer.lr: {{loguniform: [1e-4, 1e-2]}}}}}}
"""


def asking() -> None:
    """Seconds of one suggestion, in turn."""
    from hyperopt import hp, tpe
    from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain, Trials

    chance = random.Random(1)  # noqa: S311 - nothing secret is drawn
    names = [f"x{index}" for index in range(10)]
    space = Space(dimensions=tuple(Dimension(path=name, domain=Uniform(low=0.0, high=1.0)) for name in names))
    points = [{name: chance.random() for name in names} for _ in range(1_000)]
    history = [
        PastTrial(number=number, point=point, state="complete", loss=sum(value * value for value in point.values()))
        for number, point in enumerate(points)
    ]
    loaded = Catalog.installed().load("tuner", "tpe")
    spec = SearchSpec(metric="val/loss", goal="minimize", budget=Budget(), space=space)
    candidates = Candidates(spec, loaded.implementation(loaded.params()), "tpe", 1)
    domain = Domain(lambda _: 0.0, {name: hp.uniform(name, 0.0, 1.0) for name in names})
    trials = Trials()
    trials.insert_trial_docs(
        [
            {
                "tid": trial.number,
                "state": JOB_STATE_DONE,
                "spec": None,
                "result": {"loss": trial.loss, "status": STATUS_OK},
                "misc": {
                    "tid": trial.number,
                    "cmd": None,
                    "workdir": None,
                    "idxs": {name: [trial.number] for name in names},
                    "vals": {name: [value] for name, value in trial.point.items()},
                },
                "exp_key": None,
                "owner": None,
                "version": 0,
                "book_time": None,
                "refresh_time": None,
            }
            for trial in history
        ]
    )
    trials.refresh()

    def ours():
        started = time.perf_counter()
        candidates.next(Knowledge(history, [], {}))
        return time.perf_counter() - started

    def peer():
        started = time.perf_counter()
        tpe.suggest([1_000], domain, trials, 7, verbose=False)
        return time.perf_counter() - started

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours(), peer()
        report("search-ask-at-1000", [(ours(), peer()) for _ in range(15)], bound=1.6)


def journal(workspace: Path) -> None:
    """A journal of many trials: read into a study, and reported of."""
    run = [sys.executable, "-m", "ymltrain"]
    subprocess.run([*run, "tune", "overhead.yaml", "tuner.max_trials=1"], cwd=workspace, check=True, capture_output=True)
    folder = next((workspace / "studies" / "overhead").iterdir())
    directory = StudyDirectory(folder, "overhead", folder.name)
    chance = random.Random(2)  # noqa: S311 - nothing secret is drawn
    encode = __import__("msgspec").json.encode
    lines = [encode(Opened(ymltrain="0", host="here", pid=1, plan="", time=1.0))]
    for number in range(TRIALS):
        point = {"optimizer.lr": 10 ** chance.uniform(-4, -1)}
        loss = chance.random()
        lines.append(encode(Asked(trial=number, job=number, point=point, source="random", time=2.0)))
        lines.append(encode(Placed(trial=number, attempt=1, worker=0, time=2.0)))
        lines += [encode(Reported(trial=number, epoch=epoch, value=loss + 1 / epoch, time=2.0)) for epoch in range(1, 11)]
        lines.append(encode(Told(trial=number, state="complete", epochs=10, value=loss, metrics={"val/loss": loss}, time=3.0)))
    directory.journal_file.write_bytes(b"\n".join(lines) + b"\n")
    started, before = time.perf_counter(), time.process_time()
    _, study = directory.study()
    study.knowledge()
    resumed, resumed_cpu = time.perf_counter() - started, time.process_time() - before
    started, before = time.perf_counter(), children_seconds()
    subprocess.run([*run, "tune", "report", "latest", "-o", "r.html"], cwd=workspace, check=True, capture_output=True)
    reported, reported_cpu = time.perf_counter() - started, children_seconds() - before
    print(
        f"search-journal: {len(study.trials):,} trials resumed in {resumed:.2f} s (2), reported in {reported:.2f} s (10); {load()}"
    )
    print(f"search-journal: processor time {resumed_cpu:.2f} s and {reported_cpu:.2f} s")
    print(json.dumps({"benchmark": "search-journal", "trials": TRIALS, "resumed": resumed, "reported": reported}))


def trials_of_nothing(workspace: Path) -> None:
    """The time from one told trial to the next, in a worker that is warm; and the processor time of both processes for it."""
    few, many = 10, 40
    before = processor_seconds(workspace, few)
    spent = (processor_seconds(workspace, many) - before) / (many - few)
    told = told_times(max((workspace / "studies" / "overhead").iterdir()))
    between = [later - earlier for earlier, later in pairwise(told[5:])]
    median = statistics.median(between)
    print(f"search-trial: {median * 1e3:.0f} ms from trial to trial, training of one step included (bound 60); {load()}")
    print(f"search-trial: {spent * 1e3:.0f} ms of processor time a trial, of the search and its worker together")
    print(json.dumps({"benchmark": "search-trial", "seconds": median, "fastest": min(between), "processor": spent}))


def processor_seconds(workspace: Path, trials: int) -> float:
    """What a whole search of so many trials takes of the processors."""
    before = children_seconds()
    command = [sys.executable, "-m", "ymltrain", "tune", "overhead.yaml", f"tuner.max_trials={trials}"]
    subprocess.run(command, cwd=workspace, check=True, capture_output=True)
    return children_seconds() - before


def children_seconds() -> float:
    """The processor time of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def workers(workspace: Path) -> None:
    """Trials a second by one worker and by two, in turn; counted from the end of the first trial of each worker."""
    (workspace / "workers.yaml").write_text(WORKERS)
    ratios = []
    for _ in range(3):
        rates = []
        for parallel in (1, 2):
            command = [sys.executable, "-m", "ymltrain", "tune", "workers.yaml", f"tuner.parallel={parallel}"]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run(command, cwd=workspace, check=True, capture_output=True, env=environment)
            told = told_times(max((workspace / "studies" / "workers").iterdir()))[parallel - 1 :]
            rates.append((len(told) - 1) / (told[-1] - told[0]))
        ratios.append(rates[1] / rates[0])
    ratio = statistics.median(ratios)
    print(f"search-workers: 2 workers do {ratio:.2f} times what one does (bound 1.7); {load()}")
    print(json.dumps({"benchmark": "search-workers", "ratio": ratio, "ratios": ratios, "bound": 1.7}))


def told_times(folder: Path) -> list[float]:
    """When the trials of a study ended."""
    events = map(json.loads, (folder / "journal.jsonl").read_text().splitlines())
    return [event["time"] for event in events if event["event"] == "told"]


def load() -> str:
    """How busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main():
    asked = sys.argv[1:] or ["ask", "trial", "workers", "journal"]
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        (workspace / "overhead.yaml").write_text(RECIPE)
        for part in asked:
            if part == "ask":
                asking()
            else:
                {"trial": trials_of_nothing, "workers": workers, "journal": journal}[part](workspace)


main()
