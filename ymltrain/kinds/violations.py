"""What in a value breaks a JSON Schema, in words for a person.

jsonschema finds every violation with its path; the words are made here from the schema's keywords, never
from the library's messages. Two keywords of ours carry words in a schema: `x-expected` (what a pattern means)
and `format: data-path`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ymltrain.diagnostics import KeyPath, did_you_mean, nearest_name

if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True)
class Violation:
    """One broken rule. `key` is the unknown or the missing key for the rules of that name."""

    path: KeyPath
    rule: str
    message: str
    hint: str = ""
    key: str | None = None


def find_violations(value: Any, schema: Mapping[str, Any]) -> Iterator[Violation]:
    """Every violation, in the order of the value's keys; of a single value the first alone."""
    judged: set[KeyPath] = set()
    for error in _validator(schema).iter_errors(value):
        path = tuple(error.absolute_path)
        if path not in judged:
            yield from _describe(error)
        if not isinstance(error.instance, dict | list):
            judged.add(path)


def _validator(schema: Mapping[str, Any]) -> Any:
    return _validator_type()(schema)


@lru_cache(maxsize=1)
def _validator_type() -> Any:
    """Draft 2020-12, in which `integer` means written as one: 1.0 and true are not."""
    from jsonschema import Draft202012Validator, validators

    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return validators.extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]  # not typed by its stubs


def _describe(error: ValidationError) -> Iterator[Violation]:
    path = tuple(error.absolute_path)
    rule, schema = str(error.validator), error.schema
    value: Any = error.instance
    assert isinstance(schema, Mapping)
    if rule == "additionalProperties":
        known = schema.get("properties", {})
        for key in value:
            if key not in known:
                hint = did_you_mean(key, known)
                yield Violation((*path, key), "unknown_key", f'unknown key "{key}"', hint, key)
    elif rule == "required":
        for key in schema["required"]:
            if key not in value:
                yield Violation(path, "missing_key", f'"{key}" is missing', _wanted(schema, key), key)
    elif rule in ("anyOf", "oneOf"):
        yield from _alternatives(error, path)
    else:
        message, hint = _words(rule, value, schema)
        yield Violation(path, rule, message, hint)


def _alternatives(error: ValidationError, path: KeyPath) -> Iterator[Violation]:
    """A value that fits no alternative: the rule it breaks within the one of its own type, else all of them."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    for inner_errors in branches.values():
        if all(inner.validator not in ("type", "const", "enum") or len(inner.relative_path) > 0 for inner in inner_errors):
            for inner in inner_errors:
                yield from _describe(inner)
            return
    assert isinstance(error.validator_value, list)
    expected = " or ".join(expected_words(branch) for branch in error.validator_value)
    yield Violation(path, "type", f"expected {expected}, found {found_words(error.instance)}")


def _words(rule: str, value: Any, schema: Mapping[str, Any]) -> tuple[str, str]:
    make = _WORDS.get(rule)
    if make is not None:
        return make(value, schema)
    return f"expected {expected_words(schema)}, found {found_words(value)}", _quotes_hint(value, schema.get("type"))


def _quotes_hint(value: Any, wanted: object) -> str:
    """What to do when a value is right and its quotes are not, or when a word is no boolean here."""
    if wanted == "string" and isinstance(value, int | float):
        return f'in quotes it is text: "{json.dumps(value)}"'
    if not isinstance(value, str):
        return ""
    if wanted == "boolean" and value.lower() in _TRUE_WORDS | _FALSE_WORDS:
        return f"write {'true' if value.lower() in _TRUE_WORDS else 'false'}"
    if (wanted == "integer" and _INTEGER.fullmatch(value)) or (wanted == "number" and _NUMBER.fullmatch(value)):
        return f"without quotes it is a number: {value}"
    return ""


def _enum_words(value: Any, schema: Mapping[str, Any]) -> tuple[str, str]:
    near = nearest_name(value, [str(name) for name in schema["enum"]]) if isinstance(value, str) else None
    return f"expected {expected_words(schema)}, found {found_words(value)}", f'did you mean "{near}"?' if near else ""


def _pattern_words(value: Any, schema: Mapping[str, Any]) -> tuple[str, str]:
    message = f"{found_words(value)} does not fit"
    if "x-expected" in schema:
        return message, f"expected {schema['x-expected']}"
    return message, "what it takes: " + (schema.get("description") or f"text that matches {schema['pattern']}")


_TRUE_WORDS = {"true", "yes", "on", "y", "1"}
_FALSE_WORDS = {"false", "no", "off", "n", "0"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")

_WORDS: dict[str, Callable[[Any, Mapping[str, Any]], tuple[str, str]]] = {
    "enum": _enum_words,
    "pattern": _pattern_words,
    "minimum": lambda value, schema: (f"must be at least {schema['minimum']}, found {found_words(value)}", ""),
    "maximum": lambda value, schema: (f"must be at most {schema['maximum']}, found {found_words(value)}", ""),
    "exclusiveMinimum": lambda value, schema: (f"must be above {schema['exclusiveMinimum']}, found {found_words(value)}", ""),
    "exclusiveMaximum": lambda value, schema: (f"must be below {schema['exclusiveMaximum']}, found {found_words(value)}", ""),
    "minLength": lambda value, schema: (_length_words(value, schema["minLength"], "at least"), ""),
    "maxLength": lambda value, schema: (_length_words(value, schema["maxLength"], "at most"), ""),
    "minItems": lambda value, schema: (f"needs at least {_entries(schema['minItems'])}, found {len(value)}", ""),
    "maxItems": lambda value, schema: (f"takes at most {_entries(schema['maxItems'])}, found {len(value)}", ""),
    "minProperties": lambda _, schema: (f"needs at least {_entries(schema['minProperties'])}", ""),
    "uniqueItems": lambda _, __: ("names an entry twice", "keep each entry once"),
}


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _length_words(value: str, limit: int, bound: str) -> str:
    if limit == 1 and not value:
        return "may not be empty"
    return f"must have {bound} {limit} characters, found {len(value)}"


_TYPE_WORDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "null": "nothing",
}


def expected_words(schema: Mapping[str, Any]) -> str:
    """What a schema asks for, in a few words."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        names = [json.dumps(name) for name in schema["enum"]]
        return names[0] if len(names) == 1 else "one of " + ", ".join(names)
    if "anyOf" in schema:
        return " or ".join(expected_words(branch) for branch in schema["anyOf"])
    types = schema.get("type", "object" if "$ref" in schema else "a value")
    if isinstance(types, list):
        return " or ".join(_TYPE_WORDS[name] for name in types)
    return str(schema.get("x-expected", "a mapping")) if types == "object" else _TYPE_WORDS.get(types, str(types))


def found_words(value: Any) -> str:
    """What stands there, in a few words."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "the text " + json.dumps(value if len(value) <= 60 else value[:57] + "…", ensure_ascii=False)
    return json.dumps(value)


def _wanted(schema: Mapping[str, Any], key: str) -> str:
    description = schema.get("properties", {}).get(key, {}).get("description", "")
    return f"write `{key}: …`" + (f". {description}" if description else "")
