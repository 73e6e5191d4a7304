"""The model card: what a person should know of a bundle, in Hugging Face's layout (front matter with a model index)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from ymltrain.bundle.contract import Contract


def write_card(contract: Contract, target_state_words: str) -> str:
    """A Markdown card with front matter; equal bundles give equal cards."""
    front = yaml.safe_dump(_front_matter(contract), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(_sections(contract, target_state_words)) + "\n"


def _front_matter(contract: Contract) -> dict[str, Any]:
    task = "tabular-regression" if contract.output.task == "regression" else "tabular-classification"
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
    return {"library_name": "ymltrain", "pipeline_tag": task, "tags": ["tabular"]} | ({"model-index": [index]} if results else {})


def _sections(contract: Contract, target_words: str) -> Iterator[str]:
    yield f"# {contract.name}"
    yield contract.description or "No description was written in the recipe."
    yield (
        f"Predicts `{contract.target.name}` ({target_words}). Encoders were fitted on {contract.fitted_rows:,} rows of the\n"
        f"{contract.fitted_on} split."
    )
    features = [(f"`{feature.column}`", feature.type, feature.encoder.type) for feature in contract.features]
    yield "## Inputs\n\n" + _table(("column", "type", "encoder"), features)
    yield "## Metrics\n\n" + _table(
        ("metric", "value"), [(name, _figure(value)) for name, value in sorted(contract.metrics.items())]
    )
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


def _limits(contract: Contract) -> Iterator[str]:
    yield "It was measured on rows like those it was trained on; on others the metrics above say nothing."
    if any(feature.type == "number" for feature in contract.features):
        yield "A missing number is encoded as missing, and one far outside the range of training is extrapolated from."
    if any(feature.type == "category" for feature in contract.features):
        yield "A category that training never saw is encoded as unknown, whatever it is."
    if contract.output.task == "regression":
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
