"""docs/reference/plan.md and bundle.md: the fields of the Plan and of a bundle's contract, from their structs."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from docsbuild.tables import default, description, limits, table, takes
from ymltrain.bundle.contract import (
    BASELINES_FILE,
    CARD_FILE,
    CONTRACT_FILE,
    EXPORTS_FOLDER,
    GOLDEN_FILE,
    WEIGHTS_FILE,
    contract_schema,
)
from ymltrain.compiler.schemas import plan_schema
from ymltrain.record.evaluation import EVALUATION_FILE

PLAN = """# The Plan

The frozen JSON that alone drives a run: `ymltrain plan RECIPE -o plan.json` writes one, `ymltrain fit --plan plan.json` runs it.
Keys are sorted. `digest` is the SHA-256 of the canonical JSON without itself, so a plan that was edited is refused (YT812).
It holds no run id, no time, no digest of data and no value of a secret. Paths are relative to the workspace.

`schemas/plan.schema.json` is the JSON Schema; `ymltrain schema plan` prints it.
"""

BUNDLE = f"""# The bundle

What leaves training: a folder of data. Nothing in it is run; [why](../adr/0005-rebuild-the-network.md).

| file | holds |
| --- | --- |
| `{CONTRACT_FILE}` | all that prediction needs beside the weights: below |
| `{WEIGHTS_FILE}` | the tensors, in safetensors without metadata: equal tensors give equal bytes |
| `{GOLDEN_FILE}` | raw rows (`inputs`) of each `kind`, their encoded features (`features`) and what the model made of them (`prediction`) |
| `{EXPORTS_FOLDER}/<format>/` | where the recipe asks for exports: the program and its `preprocessing.json`; [how](../how-to/export-a-model.md) |
| `{EVALUATION_FILE}` | how it did on the test split: metrics with intervals, baselines, slices, what charts show; no row of the data |
| `{BASELINES_FILE}` | the fitted baselines that `evaluate` sets beside the model |
| `{CARD_FILE}` | a model card for people |

`schemas/bundle.schema.json` is the JSON Schema of `{CONTRACT_FILE}`.
"""


def plan_page() -> str:
    """The page of the Plan."""
    return PLAN + _structs(plan_schema())


def bundle_page() -> str:
    """The page of the bundle."""
    return BUNDLE + _structs(contract_schema())


def _structs(schema: Mapping[str, Any]) -> str:
    """A table for each struct, the outermost first, the others as they are met."""
    definitions = schema["$defs"]
    met = [schema["$ref"].rsplit("/", 1)[-1]]
    text = ""
    for name in met:
        struct = definitions[name]
        text += f"\n## {name}\n\n{cleandoc(struct.get('description', ''))}\n\n"
        rows = []
        for field, below in struct["properties"].items():
            met += [found for found in _references(below) if found not in met]
            rows.append((f"`{field}`", _type(below), limits(below), default(below, field, struct), description(below)))
        text += table(("field", "type", "range", "default", "meaning"), rows)
    return text


def _type(schema: Mapping[str, Any]) -> str:
    """The type in words, with links to the structs it names."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(branch) for branch in schema["anyOf"])
    if schema.get("type") == "array" and "$ref" in schema.get("items", {}):
        return f"list of {_type(schema['items'])}"
    return takes(schema)


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for entry in schema for name in _references(entry)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else []
    return own + [name for key, entry in schema.items() if key != "$ref" for name in _references(entry)]
