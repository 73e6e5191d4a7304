"""What `evaluate` is asked, as the evaluation takes it: the model, the rows, the cuts.

YT872 an option that does not say what it must.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ymltrain.diagnostics import UsageError

if TYPE_CHECKING:
    from ymltrain.record.evaluation import EvaluationRecord

OUTPUTS = (".html", ".json")


@dataclass(frozen=True)
class Asked:
    """The arguments; None and nothing stand for what the model's recipe says."""

    model: str
    data: str
    slices: tuple[str, ...]
    metrics: tuple[str, ...]
    confidence: float | None
    resamples: int | None
    seed: int | None
    registry: str | None


def check_output(output: Path | None) -> None:
    """Raise UsageError for a file of a type that is not written, before anything is measured."""
    if output is not None and output.suffix.lower() not in OUTPUTS:
        raise UsageError("YT818", f'the type of "{output}" is not one that can be written', f"end it in {' or '.join(OUTPUTS)}")


def ask(asked: Asked, plugins: tuple[Path, ...], workspace: Path | None, environment: Mapping[str, str]) -> EvaluationRecord:
    """The evaluation. Raises UsageError, DataError, BundleError, RegistryError, PluginError."""
    from ymltrain.bundle.predictor import load_bundle
    from ymltrain.bundle.text_predictor import TextPredictor
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.evaluation.bootstrap import Draws
    from ymltrain.evaluation.model import Question, contract_metrics, evaluate_model, read_baselines
    from ymltrain.evaluation.slices import cuts_of
    from ymltrain.fit.opening import open_data
    from ymltrain.loading import locate_bundle
    from ymltrain.plan.sections import Evaluation
    from ymltrain.record.evaluation import read_evaluation
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import say

    written = [read_slice(text) for text in asked.slices]
    catalog = Catalog.installed(plugins)
    bundle = locate_bundle(asked.model, find_workspace(workspace), catalog, asked.registry)
    predictor = load_bundle(bundle, catalog, environment)
    contract = predictor.contract
    recipe = contract.evaluation or Evaluation()
    earlier = read_evaluation(bundle)
    seed = asked.seed if asked.seed is not None else (earlier.seed if earlier is not None else 0)
    question = Question(
        model=asked.model,
        cuts=cuts_of(written or recipe.cuts, {feature.column: feature.order for feature in contract.features}),
        draws=Draws(
            recipe.confidence if asked.confidence is None else asked.confidence,
            recipe.resamples if asked.resamples is None else asked.resamples,
            seed,
        ),
        note=say,
    )
    metrics = contract_metrics(contract, asked.metrics, catalog, environment)
    source = open_data(asked.data, contract.reading, catalog, environment)
    if isinstance(predictor, TextPredictor):
        from ymltrain.evaluation.text_model import evaluate_language_model, read_token_counts

        _refuse_intervals(asked)
        return evaluate_language_model(predictor, read_token_counts(bundle, contract), metrics, source, question)
    baselines = read_baselines(bundle, contract)
    if baselines is None:
        say("the bundle keeps no baselines: it was made by an earlier ymltrain, or its task has none")
    return evaluate_model(predictor, baselines, metrics, source, question)


def _refuse_intervals(asked: Asked) -> None:
    """Raise UsageError for an interval of a language model's figures."""
    if asked.confidence is not None or asked.resamples:
        message = "there are no intervals of a language model: its tokens hang together, and resampling them would tell too little"
        raise UsageError("YT873", message, "leave --confidence and --resamples out; `--slice document` shows how texts differ")


def read_slice(text: str) -> tuple[str, tuple[float, ...] | None]:
    """`cut`, or `carat=0,1,2,5`: a column and its edges. Raises UsageError."""
    from ymltrain.plan.slices import edge_problem

    column, sign, written = text.rpartition("=")
    if not sign:
        return text, None
    try:
        edges = tuple(map(float, written.split(",")))
    except ValueError:
        edges = (math.nan,)
    problem = edge_problem(edges)
    if problem is not None or not column:
        raise UsageError(
            "YT872", f"--slice {text}: {problem or 'no column is named'}", "like --slice cut, or --slice carat=0,1,2,5"
        )
    return column, edges
