"""The model card: what a person should know of a bundle, in Hugging Face's layout."""

from __future__ import annotations

from ymltrain.bundle.contract import Contract


def write_card(contract: Contract, target_state_words: str) -> str:
    """A Markdown card with front matter; equal bundles give equal cards."""
    task = "tabular-regression" if contract.output.task == "regression" else "tabular-classification"
    metrics = "\n".join(f"| {name} | {_figure(value)} |" for name, value in sorted(contract.metrics.items()))
    features = "\n".join(f"| `{feature.column}` | {feature.type} | {feature.encoder.type} |" for feature in contract.features)
    return f"""---
library_name: ymltrain
pipeline_tag: {task}
tags: [tabular]
---

# {contract.name}

{contract.description or "No description was written in the recipe."}

Predicts `{contract.target.name}` ({target_state_words}). Encoders were fitted on {contract.fitted_rows:,} rows of the
{contract.fitted_on} split.

## Inputs

| column | type | encoder |
| --- | --- | --- |
{features}

## Metrics

| metric | value |
| --- | --- |
{metrics}

## Provenance

| what | digest |
| --- | --- |
| data | `{contract.digests.data}` |
| plan | `{contract.digests.plan}` |
| tensors | `{contract.digests.tensors}` |

Made by ymltrain {contract.ymltrain} with the {contract.model.kind} `{contract.model.type}` of {contract.model.plugin.distribution}
{contract.model.plugin.version}. Predict with `ymltrain predict THIS_FOLDER data.csv -o predictions.csv`.
"""


def _figure(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"
