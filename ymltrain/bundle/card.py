"""The model card: what a person should know of a bundle, in Hugging Face's layout (front matter with a model index)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from ymltrain.bundle.contract import Contract
from ymltrain.record.evaluation import Estimate, EvaluationRecord


def write_card(contract: Contract, target_state_words: str, evaluation: EvaluationRecord | None = None) -> str:
    """A Markdown card with front matter; equal bundles give equal cards."""
    front = yaml.safe_dump(_front_matter(contract), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(_sections(contract, target_state_words, evaluation)) + "\n"


def _front_matter(contract: Contract) -> dict[str, Any]:
    task, tag = _task(contract)
    results = [
        {"type": name.partition("/")[2], "name": name, "value": value}
        for name, value in sorted(contract.metrics.items())
        if name.startswith("test/") and value is not None
    ]
    index = {
        "name": contract.name,
        "results": [
            {
                "task": {"type": task},
                "dataset": {"type": contract.reading.type, "name": "test split", "revision": contract.digests.data},
                "metrics": results,
            }
        ],
    }
    return {"library_name": "ymltrain", "pipeline_tag": task, "tags": [tag]} | ({"model-index": [index]} if results else {})


def _task(contract: Contract) -> tuple[str, str]:
    """The task and the tag that Hugging Face's hub knows it under."""
    if contract.output.task == "next_token":
        return "text-generation", "text"
    return ("tabular-regression" if contract.output.task == "regression" else "tabular-classification"), "tabular"


def _sections(contract: Contract, target_words: str, evaluation: EvaluationRecord | None) -> Iterator[str]:
    yield f"# {contract.name}"
    yield contract.description or "No description was written in the recipe."
    yield (
        f"Predicts `{contract.target.name}` ({target_words}). {_fitted(contract)} on {contract.fitted_rows:,} rows of the\n"
        f"{contract.fitted_on} split."
    )
    features = [(f"`{feature.column}`", feature.type, feature.encoder.type) for feature in contract.features]
    if contract.output.task == "next_token":
        features = [(f"`{contract.target.name}`", "text", "tokenizer")]
    yield "## Inputs\n\n" + _table(("column", "type", "encoder"), features)
    yield "## Metrics\n\n" + _table(
        ("metric", "value"), [(name, _figure(value)) for name, value in sorted(contract.metrics.items())]
    )
    if evaluation is not None:
        yield from _evaluation(evaluation)
    fingerprint = f"A `{contract.reading.type}` table with the fingerprint `{contract.digests.data}`."
    yield f"## Training data\n\n{fingerprint}\nRows with a null target were left out; the test split was looked at once."
    yield "## Limits\n\n" + "\n".join(f"- {limit}" for limit in _limits(contract))
    digests = [("data", contract.digests.data), ("plan", contract.digests.plan), ("tensors", contract.digests.tensors)]
    yield "## Provenance\n\n" + _table(("what", "digest"), [(what, f"`{digest}`") for what, digest in digests])
    yield (
        f"Made by ymltrain {contract.ymltrain} with the {contract.model.kind} `{contract.model.type}` of "
        f"{contract.model.plugin.distribution} {contract.model.plugin.version}.\nPredict with "
        "`ymltrain predict THIS_FOLDER data.csv -o predictions.csv`."
    )


def _evaluation(found: EvaluationRecord) -> Iterator[str]:
    names = list(found.metrics)
    rows = [
        (name, _estimate(found.metrics[name]), *(_figure(figures.get(name)) for figures in found.baselines.values()))
        for name in names
    ]
    interval = f" with intervals of {found.confidence:.0%}" if found.resamples else ""
    yield (
        f"## Evaluation\n\nOn {found.rows:,} rows of the {found.part} split{interval}, beside baselines that learned from the same "
        f"train rows.\n\n" + _table(("metric", "model", *found.baselines), rows)
    )
    if found.slices:
        sliced = [
            (f"`{one.column}`", _safe(one.name), f"{one.rows:,}", *(_estimate(one.metrics[name]) for name in names))
            for one in found.slices
        ]
        yield "## Slices\n\n" + _table(("column", "slice", "rows", *names), sliced)


def _estimate(estimate: Estimate) -> str:
    bounds = "" if estimate.low is None else f" ({_figure(estimate.low)} to {_figure(estimate.high)})"
    return f"{'—' if estimate.value is None else _figure(estimate.value)}{bounds}"


def _safe(text: str) -> str:
    """A value of the data within a cell of a table."""
    return "".join(f"\\{letter}" if letter in "\\|`*_<>[]" else letter for letter in " ".join(text.split()))


def _fitted(contract: Contract) -> str:
    return "The tokenizer was learned" if contract.output.task == "next_token" else "Encoders were fitted"


def _limits(contract: Contract) -> Iterator[str]:
    yield "It was measured on rows like those it was trained on; on others the metrics above say nothing."
    if any(feature.type == "number" for feature in contract.features):
        yield "A missing number is encoded as missing, and one far outside the range of training is extrapolated from."
    if any(feature.type == "category" for feature in contract.features):
        yield "A category that training never saw is encoded as unknown, whatever it is."
    if contract.output.task == "next_token":
        yield "It continues texts as its training texts would, whether or not that is true."
    elif contract.output.task == "regression":
        yield "A prediction is a single number, without an interval of confidence."
    else:
        yield "Probabilities were not calibrated, and there is no answer beside the classes of training."
    if not any(name.startswith("test/") for name in contract.metrics):
        yield "It was not measured on a test split."
    if contract.digests.golden is None:
        yield "It has no golden rows: that it serves what was trained cannot be replayed."


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"
