"""JSON Schemas as Markdown tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ymltrain.kinds.violations import expected_words

RANGES = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "below {}"),
    ("minItems", "at least {} of them"),
    ("minProperties", "at least {} of them"),
    ("maxLength", "at most {} characters"),
)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its cells on one line each."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def code(value: object) -> str:
    """A value as a recipe or a JSON file would write it."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def takes(schema: Mapping[str, Any]) -> str:
    """What a schema accepts, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(takes(branch) for branch in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(code(name) for name in schema["enum"])
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict) and "$ref" not in schema["items"]:
        return f"a list: each {takes(schema['items'])}" if schema["items"] else "a list"
    if schema.get("type") == "array" and "prefixItems" in schema:
        return f"a list of {len(schema['prefixItems'])}: each {takes(schema['prefixItems'][0])}"
    return expected_words(schema)


def limits(schema: Mapping[str, Any]) -> str:
    """The range of what is accepted, of the elements too."""
    words = [form.format(schema[key]) for key, form in RANGES if key in schema]
    if schema.get("minLength") == 1:
        words.append("not empty")
    if "pattern" in schema:
        words.append(str(schema.get("x-expected") or f"matches `{schema['pattern']}`"))
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())]
    inner += schema.get("prefixItems", ())[:1]
    words += [found for branch in inner if (found := limits(branch))]
    return ", ".join(dict.fromkeys(words))


def description(schema: Mapping[str, Any]) -> str:
    """What a schema says of itself, or one of its alternatives does."""
    found = schema.get("description") or next(filter(None, (one.get("description") for one in schema.get("anyOf", ()))), "")
    return " ".join(str(found).split())


def default(schema: Mapping[str, Any], name: str, owner: Mapping[str, Any]) -> str:
    """The default of a property, or that it has none."""
    if name in owner.get("required", ()):
        return "required"
    return code(schema["default"]) if schema.get("default") is not None else ""


def followed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with the reference at its top put in its place; a null among two alternatives left out."""
    if "$ref" in schema:
        return {**definitions[schema["$ref"].rsplit("/", 1)[-1]], **{key: value for key, value in schema.items() if key != "$ref"}}
    branches = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1:
        return {**followed(branches[0], definitions), **{key: value for key, value in schema.items() if key != "anyOf"}}
    return dict(schema)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
