"""The stage `evaluate`: the trained weights on the test split, beside what knows less than they do.

The metrics and the baselines are always there; slices and intervals where the recipe has an `evaluation`, since they may
take another look at the table and some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
import polars as pl
import torch
from torch import Tensor, nn

from ymltrain.data.companions import read_companions, rows_of_split
from ymltrain.data.encoding import EncodedSplit, changed_meanwhile
from ymltrain.data.loader import TensorSplit
from ymltrain.data.next_token import NextTokenTarget
from ymltrain.data.prepare import PreparedData
from ymltrain.evaluation.assess import About, Scored, assess
from ymltrain.evaluation.baselines import fit_baselines
from ymltrain.evaluation.bootstrap import Draws
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.evaluation.slices import Slice, all_slices, cuts_of, readings_of
from ymltrain.evaluation.text_baselines import count_tokens, text_baselines
from ymltrain.fit.job import Job
from ymltrain.fit.reuse import Earlier
from ymltrain.plan.events import StageChanged
from ymltrain.plan.sections import Evaluation
from ymltrain.record.evaluation import EvaluationRecord, read_evaluation
from ymltrain.run.parts import TrainOutcome
from ymltrain.run.session import build_network

EVALUATION_ROWS = 8_192


@dataclass(frozen=True)
class Evaluated:
    """The metrics of the test split by full name, the whole evaluation (None without test rows), and the fitted baselines."""

    metrics: Mapping[str, float]
    record: EvaluationRecord | None
    baselines: Mapping[str, Tensor] | None

    @property
    def scores(self) -> dict[str, dict[str, float | None]]:
        """What each baseline scores on the test split, by full name."""
        found = self.record.baselines if self.record is not None else {}
        return {name: {f"test/{metric}": value for metric, value in figures.items()} for name, figures in found.items()}


def evaluate_test(job: Job, data: PreparedData, outcome: TrainOutcome) -> Evaluated:
    """The trained weights on the test split, which nothing has looked at before. The bundle keeps what is found."""
    if isinstance(data.target, NextTokenTarget):
        return _evaluate_texts(job, data, data.target, outcome)
    baselines = fit_baselines(data.splits["train"], data.target, _seed(job))
    tensors = baselines.tensors() if baselines is not None else None
    split = data.splits.get("test")
    if split is None or not split.rows:
        return Evaluated({}, None, tensors)
    job.watch(StageChanged(stage="evaluate", note=f"{split.rows:,} test rows"))
    network = _network(job, data)
    network.load_state_dict(outcome.weights)
    measures = Measures(job.build(job.plan.node("loss")).build(), job.metrics(), data.target)
    heard: list[tuple[Tensor, Tensor]] = []
    measured = evaluate(
        network,
        TensorSplit.of(split),
        measures,
        batch_rows=EVALUATION_ROWS,
        observe=lambda predicted, true: heard.append((predicted, true)),
    )
    metrics = {f"test/{name}": value for name, value in measured.items()}
    if baselines is None:
        return Evaluated(metrics, None, None)
    scored = Scored(
        output=data.target.output,
        labels=data.target.labels,
        predicted=torch.cat([predicted for predicted, _ in heard]).numpy(),
        truth=torch.cat([true for _, true in heard]).numpy(),
        baselines=baselines.predict(split.inputs, split.rows),
    )
    record = assess(scored, job.metrics(), _slices(job, split), _draws(job), _about(job, data))
    for rival in unbeaten(record):
        job.warn(rival)
    return Evaluated(metrics, record, tensors)


def _evaluate_texts(job: Job, data: PreparedData, target: NextTokenTarget, outcome: TrainOutcome) -> Evaluated:
    """Of a language model: its metrics, beside those of what has counted or compressed the train texts."""
    split, counts = data.splits.get("test"), _token_counts(data, target)
    if split is None or not split.rows:
        return Evaluated({}, None, counts)
    job.watch(StageChanged(stage="evaluate", note=f"{split.rows:,} test windows"))
    network = _network(job, data)
    network.load_state_dict(outcome.weights)
    measures = Measures(job.build(job.plan.node("loss")).build(), job.metrics(), target)
    measured = evaluate(network, TensorSplit.of(split), measures, batch_rows=EVALUATION_ROWS)
    baselines = text_baselines(data.splits["train"], split, target)
    for name, rival in baselines.items():
        if measured.get("bits_per_byte", 0.0) > rival:
            job.warn(_worse("bits_per_byte", measured["bits_per_byte"], rival, name))
    measured |= {f"bits_per_byte_of_{name}": value for name, value in baselines.items()}
    return Evaluated({f"test/{name}": value for name, value in measured.items()}, None, counts)


def _token_counts(data: PreparedData, target: NextTokenTarget) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in count_tokens(data.splits["train"], target).arrays.items()}


def reused_evaluation(job: Job, earlier: Earlier, data: PreparedData) -> Evaluated | None:
    """What an earlier run has found; None when its bundle tells of no evaluation any more."""
    metrics = earlier.measured(lambda name: name.startswith("test/"))
    if isinstance(data.target, NextTokenTarget):
        return Evaluated(metrics, None, _token_counts(data, data.target))
    record = read_evaluation(earlier.run.bundle)
    if record is None and metrics:
        return None
    baselines = fit_baselines(data.splits["train"], data.target, _seed(job))
    return Evaluated(
        metrics,
        msgspec.structs.replace(record, model=job.plan.name) if record is not None else None,
        baselines.tensors() if baselines is not None else None,
    )


def unbeaten(record: EvaluationRecord) -> Iterator[str]:
    """Where the model does worse than a baseline by the first metric, or no better than the one that knows no feature."""
    name, estimate = next(iter(record.metrics.items()), ("", None))
    if estimate is None or estimate.value is None:
        return
    for baseline, figures in record.baselines.items():
        rival = figures.get(name)
        if rival is None:
            continue
        worse = estimate.value - rival if record.goals[name] == "minimize" else rival - estimate.value
        if worse > 0 or (worse == 0 and baseline != "linear"):
            yield _worse(name, estimate.value, rival, baseline)


def _worse(metric: str, value: float, rival: float, baseline: str) -> str:
    verdict = "worse" if value != rival else "no better"
    return f"test/{metric} {value:.4g} is {verdict} than {rival:.4g}, which the baseline `{baseline}` scores"


def _slices(job: Job, split: EncodedSplit) -> list[Slice]:
    """The slices of the test rows; reads the table's split and the sliced columns once more."""
    asked = job.plan.evaluation
    cuts = cuts_of(asked.cuts, {one.column: one.order for one in job.plan.features}) if asked is not None else []
    if not cuts:
        return []
    source = job.source()
    is_test = rows_of_split(source, job.build(job.plan.node("split")), job.table_spec(), "test")
    if int(is_test.sum()) != split.rows:
        raise changed_meanwhile()
    columns: pl.DataFrame = read_companions(source, readings_of(cuts, source), is_test)
    return all_slices(columns, cuts)


def _draws(job: Job) -> Draws:
    asked = job.plan.evaluation
    return Draws(
        confidence=asked.confidence if asked is not None else Evaluation().confidence,
        resamples=asked.resamples if asked is not None else 0,
        seed=_seed(job),
    )


def _seed(job: Job) -> int:
    return job.plan.seeds.get("bootstrap", job.plan.seed)


def _about(job: Job, data: PreparedData) -> About:
    return About(model=job.plan.name, data=data.fingerprint, part="test", target=job.plan.target.name)


def _network(job: Job, data: PreparedData) -> nn.Module:
    """The plan's network with its initial weights."""
    return build_network(job.build(job.plan.node("model")), data.shapes, data.target.output, job.plan.seeds["weights"])
