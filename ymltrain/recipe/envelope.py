"""Pass 7: the shape of a whole recipe, short forms written out, plugins' own params left to the plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath
from ymltrain.kinds.kind import KINDS
from ymltrain.kinds.violations import Violation, find_violations
from ymltrain.plan.search.spec import Budget
from ymltrain.plan.sections import BundleSection, Compute, Evaluation, Promote, Skew, Trainer
from ymltrain.recipe.compose import NOT_IN_PROFILES, VERSION
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.elsewhere import hint_for_unknown_key
from ymltrain.recipe.grammar import REQUIRED_SECTIONS
from ymltrain.recipe.key_path import format_key_path

COLUMN_TYPES = ("number", "category", "boolean", "timestamp", "text", "vector", "ignore")
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
LARGEST_SEED = 2**53 - 1
WITH_DEFAULT = {"split", "optimizer", "lr_scheduler", "strategy", "encoder"}
"""Kinds whose params may stand without a `type`: those of the default one."""


def envelope_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe as the compiler sees it after expanding and composing."""
    schema: dict[str, Any] = msgspec.json.decode(_encoded_envelope())
    return schema


@lru_cache(maxsize=1)
def _encoded_envelope() -> bytes:
    """Made once; as text, so that no caller can change another one's."""
    return msgspec.json.encode(_envelope())


def _envelope() -> dict[str, Any]:
    sections, definitions = msgspec.json.schema_components([Trainer, Compute, Evaluation, Skew, Promote, Budget, BundleSection])
    trainer, _compute, evaluation, skew, promote, _budget, bundle = sections
    definitions["Domain"] = _domain()
    definitions["Compute"]["properties"]["launcher"] = plugin_node("launcher")
    definitions["Node"] = {
        "type": "object",
        "x-expected": "a plugin's name or a mapping",
        "properties": {"type": {"type": "string", "minLength": 1}},
    }
    definitions["Column"] = _column()
    return {
        "type": "object",
        "required": list(REQUIRED_SECTIONS),
        "additionalProperties": False,
        "properties": {
            "recipe": {"const": VERSION, "description": "The version of the recipe language: 1."},
            "name": _text("The name of the experiment; its runs are kept under it.") | _NAME,
            "description": _text("What the model is for, in words."),
            "seed": {
                "type": "integer",
                "minimum": 0,
                "maximum": LARGEST_SEED,
                "default": 0,
                "description": "The root of every random draw.",
            },
            "datasource": {
                "type": "object",
                "x-expected": "a path or a mapping",
                "description": "Where the rows come from; the type follows from the file's suffix.",
            },
            "keys": _columns("The columns that identify a row: used by splits and skew."),
            "event_time": _text("The column that holds the time of the event."),
            "split": plugin_node("split"),
            "features": _features(),
            "unlisted_columns": {
                "enum": ["ignore", "auto"],
                "default": "ignore",
                "description": "What becomes of columns that `features` does not list.",
            },
            "target": _target(),
            "weight": _text("A column that weighs each row in the loss."),
            "model": plugin_node("model"),
            "optimizer": plugin_node("optimizer"),
            "lr_scheduler": plugin_node("lr_scheduler"),
            "loss": plugin_node("loss"),
            "metrics": {"type": "array", "minItems": 1, "items": plugin_node("metric"), "description": "What is measured."},
            "evaluation": evaluation,
            "trainer": trainer,
            "strategy": plugin_node("strategy"),
            "compute": {"$ref": "#/$defs/Compute"},
            "tracker": {"type": "array", "items": plugin_node("tracker"), "description": "Who follows the run."},
            "registry": plugin_node("registry") | {"properties": _registry_keys(promote)},
            "bundle": bundle,
            "skew": skew,
            "tuner": plugin_node("tuner") | {"properties": _tuner_keys(definitions.pop("Budget"))},
        },
        "$defs": definitions,
    }


def plugin_node(kind: str) -> dict[str, Any]:
    """The shape of a node where a plugin of a kind is chosen; its params are checked when it is linked."""
    required: dict[str, Any] = {} if kind in WITH_DEFAULT else {"required": ["type"]}
    return {"$ref": "#/$defs/Node", **required, "description": f"The {kind}: {KINDS[kind].summary}."}


_NAME = {
    "pattern": NAME_PATTERN,
    "x-expected": "letters, digits, dots, dashes and underscores, a letter or digit first, 128 at most",
}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description}


def _columns(description: str) -> dict[str, Any]:
    items = {"type": "string", "minLength": 1}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items, "description": description}


def _features() -> dict[str, Any]:
    listed = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/Column"}}
    return {
        "anyOf": [{"const": "auto"}, listed],
        "default": "auto",
        "description": "The input columns by name, or auto: all columns but the target, typed by the data.",
    }


def _column() -> dict[str, Any]:
    return {
        "type": "object",
        "x-expected": "a column type or a mapping",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {
            "type": {"enum": list(COLUMN_TYPES), "description": "How the column is read."},
            "encoder": plugin_node("encoder"),
            "order": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": {"type": ["string", "number", "boolean"]},
                "description": "The values of a category in their order.",
            },
            "time_zone": _text("Of a timestamp: the zone of times without one, and of its clock and calendar; UTC by default."),
            "format": _text("Of a timestamp: how it is written, in strftime's signs, where it is not ISO 8601: %d.%m.%Y %H:%M."),
            "available_at": _text(
                "When its value is known: prediction, later (a feature then needs a serving_default), or the column of that time."
            ),
            "serving_default": {
                "type": ["string", "number", "boolean"],
                "description": "What a row gets that is served without a value; counted in the serving log.",
            },
        },
    }


def _target() -> dict[str, Any]:
    label = {"type": ["string", "number", "boolean"]}
    return {
        "type": "object",
        "x-expected": "a column's name or a mapping",
        "if": {"required": ["columns"]},
        "else": {"required": ["column"], "properties": {"column": {"description": "Its name."}}},
        "additionalProperties": False,
        "description": "What to predict: a column, or label columns.",
        "properties": {
            "column": _text("Its name."),
            "columns": _columns("Of a multilabel target: the columns of its labels, each true or false."),
            "type": {
                "enum": ["number", "category", "boolean", "text"],
                "description": "How it is read; follows from the task or the data when it is not written.",
            },
            "transform": {
                "enum": ["none", "log", "log1p"],
                "default": "none",
                "description": "Applied to a number before it is standardised; predictions and metrics are in its own units.",
            },
            "task": {
                "enum": ["regression", "classification", "binary", "multilabel", "ordinal", "next_token"],
                "description": "Follows from the other keys and the type when it is not written.",
            },
            "positive": label | {"description": "Of a binary target: the label that its probability is of."},
            "threshold": {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 1,
                "description": "The probability from which a binary or multilabel prediction says yes; 0.5 by default.",
            },
            "order": {
                "type": "array",
                "minItems": 2,
                "uniqueItems": True,
                "items": label,
                "description": "Of an ordinal target: its classes from the lowest to the highest.",
            },
            "class_weights": {
                "anyOf": [
                    {"const": "balanced"},
                    {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number", "exclusiveMinimum": 0}},
                ],
                "description": "What rows weigh in the loss by their class; balanced: the rarer, the more.",
            },
            **_text_keys(),
        },
    }


def _text_keys() -> dict[str, Any]:
    """What a `next_token` target has beside its column."""
    return {
        "tokenizer": {
            "enum": ["byte", "bpe"],
            "description": "Of a next_token target: `byte` makes each byte of UTF-8 a token, `bpe` learns pieces of words from the "
            "train split (extra `text`). Follows from vocab_size when it is not written.",
        },
        "vocab_size": {
            "type": "integer",
            "minimum": 257,
            "maximum": 1_000_000,
            "description": "How many tokens bpe tells apart, the end of a text included; 4,096 by default. Bytes have 257.",
        },
        "context": {
            "type": "integer",
            "minimum": 2,
            "description": "How many tokens the network sees at a time: texts are cut into windows of this length; 256 by default.",
        },
        "continuation": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "description": "How many tokens a prediction adds to a text at most, the most probable one each time; 16 by default.",
        },
    }


def _registry_keys(promote: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": {"type": "string", "minLength": 1},
        "name": _text("The model under which versions are registered; defaults to the recipe's name."),
        "promote": promote,
    }


def _tuner_keys(budget: Mapping[str, Any]) -> dict[str, Any]:
    paths = {"type": "object", "additionalProperties": True}
    return {
        "type": {"type": "string", "minLength": 1},
        "metric": _text("What trials are judged by: val/rmse. By default what early stopping watches, else val/loss."),
        "goal": {"enum": ["minimize", "maximize"], "description": "Follows from the metric."},
        **budget["properties"],
        "pruner": plugin_node("pruner"),
        "space": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"$ref": "#/$defs/Domain"},
            "description": "The tuned keys by dotted path, each with its domain.",
        },
        "constraints": {
            "type": "array",
            "items": _constraint(),
            "description": "Conditions that every candidate meets.",
        },
        "try_first": {
            "type": "array",
            "items": paths,
            "description": "Candidates to begin with; what one leaves out has the recipe's value.",
        },
    }


def _domain() -> dict[str, Any]:
    number = {"type": "number"}
    bounds = {"type": "array", "minItems": 2, "maxItems": 2, "items": number}
    values = {"type": "array", "minItems": 1}
    branch = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "set": {"type": "object", "description": "What the branch sets in the node."},
            "space": {
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/Domain"},
                "description": "The branch's own space; its paths are relative to the node.",
            },
        },
    }
    return {
        "type": "object",
        "x-expected": "a domain like {uniform: [0, 1]}",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "uniform": bounds
            | {"description": "Real numbers between two bounds; with `step` a grid that starts at the lower one."},
            "loguniform": bounds
            | {"description": "Real numbers between two bounds, which are values, even on the logarithmic scale."},
            "int": bounds | {"description": "Whole numbers between two bounds, both included; with `step`, or with `log: true`."},
            "normal": bounds | {"description": "Mean and standard deviation; cut off at 4 of these, or at `low` and `high`."},
            "ordinal": values | {"description": "Values in an order."},
            "choice": values | {"description": "Values in no order."},
            "switch": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": branch,
                "description": "Branches by name, each of which sets keys of the node and brings its own space.",
            },
            "step": {"type": "number", "exclusiveMinimum": 0, "description": "Of uniform and int: the distance of values."},
            "log": {"type": "boolean", "description": "Of int: even on the logarithmic scale."},
            "low": number | {"description": "Of normal: the least value."},
            "high": number | {"description": "Of normal: the greatest value."},
        },
    }


def _constraint() -> dict[str, Any]:
    keys = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "product": keys | {"description": "Of these keys."},
            "sum": keys | {"description": "Of these keys."},
            "ratio": keys | {"description": "The first key by the second."},
            "difference": keys | {"description": "The first key less the second."},
            "at_least": {"type": "number"},
            "at_most": {"type": "number"},
        },
    }


def check_envelope(document: Node, belongs: Mapping[str, Iterable[KeyPath]], diagnostics: Diagnostics) -> None:
    """Report every way in which a composed recipe is not of the recipe's shape.

    `belongs` says at which key paths each known key may stand, for keys that are written elsewhere.
    """
    for violation in find_violations(plain(document), envelope_schema()):
        if diagnostics.is_full:
            return
        diagnostics.add(as_diagnostic(violation, document, belongs, "YT40"))


def check_profiles(document: Node, belongs: Mapping[str, Iterable[KeyPath]], diagnostics: Diagnostics) -> None:
    """Report what is wrong with the profiles that were not chosen: keys and values that no recipe has.

    A fragment may leave out what the rest of the recipe writes, and its references are not resolved.
    """
    profiles = document.nearest(("profiles",))
    for violation in find_violations(plain(profiles), {"type": "object", "additionalProperties": {"type": "object"}}):
        diagnostics.add(as_diagnostic(violation, document, belongs, "YT40", below=("profiles",)))
    whole = envelope_schema()
    fragment = {**whole, "required": [], "properties": {**whole["properties"], **dict.fromkeys(NOT_IN_PROFILES, True)}}
    for name, profile in profiles.mapping.items():
        for violation in find_violations(plain(profile), fragment) if profile.mapping else ():
            value = profile.nearest(violation.path).value
            is_open = value is None or (isinstance(value, str) and "${" in value)
            if violation.rule != "missing_key" and not is_open and not diagnostics.is_full:
                found = as_diagnostic(violation, profile, belongs, "YT40")
                diagnostics.add(replace(found, key_path=("profiles", name, *found.key_path)))


def as_diagnostic(
    violation: Violation, document: Node, belongs: Mapping[str, Iterable[KeyPath]], codes: str, below: KeyPath = ()
) -> Diagnostic:
    """A violation of a schema as a diagnostic at its place; `below` is where the checked part of the recipe stands."""
    path = (*below, *violation.path)
    node = document.nearest(path)
    where = format_key_path(path[:-1] if violation.rule == "unknown_key" else path)
    if violation.rule == "unknown_key":
        hint = hint_for_unknown_key(str(violation.key), path[:-1], violation.hint, belongs)
        message = f"{violation.message} in {where}" if where else violation.message
        return Diagnostic(codes + "1", message, hint, node.place, path)
    if violation.rule == "missing_key":
        message = f"{violation.message} in {where}" if where else f"{violation.message} in the recipe"
        return Diagnostic(codes + "2", message, violation.hint, node.place, (*path, str(violation.key)))
    return Diagnostic(codes + "3", f"{where}: {violation.message}", violation.hint, node.span, path)
