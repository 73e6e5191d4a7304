"""Pass 7: the shape of a whole recipe, short forms written out, plugins' own params left to the plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath
from ymltrain.kinds.kind import KINDS
from ymltrain.kinds.violations import Violation, find_violations
from ymltrain.plan.sections import Compute, Promote, Skew, Trainer
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
    sections, definitions = msgspec.json.schema_components([Trainer, Compute, Skew, Promote])
    trainer, _compute, skew, promote = sections
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
            "trainer": trainer,
            "strategy": plugin_node("strategy"),
            "compute": {"$ref": "#/$defs/Compute"},
            "tracker": {"type": "array", "items": plugin_node("tracker"), "description": "Who follows the run."},
            "registry": plugin_node("registry") | {"properties": _registry_keys(promote)},
            "skew": skew,
            "tuner": plugin_node("tuner") | {"properties": _tuner_keys()},
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
        },
    }


def _target() -> dict[str, Any]:
    return {
        "type": "object",
        "x-expected": "a column's name or a mapping",
        "required": ["column"],
        "additionalProperties": False,
        "description": "The column to predict.",
        "properties": {
            "column": _text("Its name."),
            "type": {"enum": ["number", "category"], "description": "Follows from the data when it is not written."},
            "transform": {
                "enum": ["none", "log", "log1p"],
                "default": "none",
                "description": "Applied to a number before it is standardised; predictions and metrics are in its own units.",
            },
            "task": {"enum": ["regression", "classification"], "description": "Follows from the type when it is not written."},
        },
    }


def _registry_keys(promote: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": {"type": "string", "minLength": 1},
        "name": _text("The model under which versions are registered; defaults to the recipe's name."),
        "promote": promote,
    }


def _tuner_keys() -> dict[str, Any]:
    return {
        "type": {"type": "string", "minLength": 1},
        "metric": _text("The metric that trials are judged by."),
        "goal": {"enum": ["minimize", "maximize"]},
        "max_trials": {"type": "integer", "minimum": 1},
        "parallel": {"type": "integer", "minimum": 1},
        "pruner": plugin_node("pruner"),
        "space": {"type": "object", "minProperties": 1},
        "constraints": {"type": "array", "items": {"type": "object"}},
        "try_first": {"type": "array", "items": {"type": "object"}},
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
