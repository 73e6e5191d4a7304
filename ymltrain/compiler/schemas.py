"""The JSON Schemas for editors and other programs: of recipes with the installed plugins, of each plugin, of plans."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.catalog.entry import LoadedPlugin
from ymltrain.kinds.kind import KINDS
from ymltrain.plan.plan import Plan
from ymltrain.recipe.envelope import envelope_schema
from ymltrain.recipe.grammar import ANY, LIST_POSITIONS, PLUGIN_POSITIONS, REQUIRED_SECTIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = {"type": "string", "pattern": r"\$\{"}
"""A reference may stand wherever a value does."""

NEEDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("features", ANY), "type"),
    (("model",), "type"),
    (("loss",), "type"),
    (("registry",), "type"),
    (("tuner",), "type"),
)
"""Where a mapping stands and the key it needs, unless a layer below brings it."""


def recipe_schema(catalog: Catalog) -> dict[str, Any]:
    """The schema of recipe files as people write them: short forms, references, profiles and every installed plugin.

    Editors complete and check with it; the compiler goes further and decides.
    """
    schema = envelope_schema()
    definitions = schema["$defs"]
    properties = schema["properties"]
    owned = {kind: properties[kind]["properties"] for kind in ("registry", "tuner")}
    for position, kind in sorted(PLUGIN_POSITIONS.items(), key=lambda item: -len(item[0])):
        _refer_to_node(_owner(schema, position[:-1]), position[-1], kind)
    for kind in dict.fromkeys(PLUGIN_POSITIONS.values()):
        definitions[f"{kind} node"] = _node_of(kind, catalog, definitions, owned.get(kind, {}))
    del definitions["Node"]
    paths = {"type": "array", "items": {"type": "string", "minLength": 1}}
    properties["extends"] = paths | {"description": "Recipes that lie below this one."}
    owners = {(): properties, ("evaluation",): definitions["Evaluation"]["properties"]}
    for *path, name in LIST_POSITIONS:
        entries = owners[tuple(path)][name]
        owners[tuple(path)][name] = _one_or_more(entries["items"]) | {"description": entries["description"]}
    for partial in (definitions["Column"], definitions["EarlyStopping"], definitions["Promote"]):
        del partial["required"]
    target = {key: value for key, value in properties["target"].items() if key not in ("if", "else")}
    names = {"type": "array", "items": {"type": "string", "minLength": 1}}
    # the mapping stands first: where no branch fits, editors tell the mistake of the first, and it is the one to tell
    properties["target"] = {"anyOf": [target, {"type": "string", "minLength": 1}, names]}
    definitions["Column"] = _column_or_word(definitions["Column"])
    fragment = deepcopy({key: value for key, value in properties.items() if key not in ("recipe", "extends")})
    schema.pop("required")
    properties["profiles"] = {
        "type": "object",
        "description": "Fragments of a recipe, laid over the rest with --profile NAME.",
        "additionalProperties": {"$ref": "#/$defs/profile"},
    }
    definitions["profile"] = {"type": "object", "additionalProperties": False, "properties": fragment}
    return {
        "$schema": DIALECT,
        "title": "ymltrain recipe",
        "description": "A declarative training recipe, version 1.",
        **_with_references(schema),
        "if": {"not": {"required": ["extends"]}},
        "then": _whole_recipe(),
    }


def plugin_schemas(catalog: Catalog) -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) → the schema of what may stand beside `type` for each installed plugin."""
    schemas = {}
    for plugin in _sound(catalog):
        kind, name = plugin.entry.kind, plugin.entry.name
        schemas[kind, name] = {"$schema": DIALECT, **plugin.schema(), "title": f"{kind} {name}"}
    return schemas


def _sound(catalog: Catalog, kind: str | None = None) -> list[LoadedPlugin]:
    """The plugins that can be loaded: what a broken one takes cannot be said, and is no concern of the others."""
    return [plugin for plugin in catalog.load_all(kind) if isinstance(plugin, LoadedPlugin)]


def plan_schema() -> dict[str, Any]:
    """The schema of a Plan."""
    (root,), definitions = msgspec.json.schema_components([Plan])
    return {"$schema": DIALECT, "title": "ymltrain plan", **root, "$defs": definitions}


def _owner(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The object schema that holds the node at a position."""
    if path == ("features", "*"):
        column: dict[str, Any] = schema["$defs"]["Column"]
        return column
    if path == ("compute",):
        compute: dict[str, Any] = schema["$defs"]["Compute"]
        return compute
    owner = schema
    for key in path:
        owner = owner["properties"][key]
    return owner


def _refer_to_node(owner: dict[str, Any], key: str, kind: str) -> None:
    reference = {"$ref": f"#/$defs/{kind} node"}
    if key == "*":
        owner["items"] = reference
    else:
        owner["properties"][key] = reference | {"description": f"The {kind}: {KINDS[kind].summary}."}


def _node_of(kind: str, catalog: Catalog, definitions: dict[str, Any], owned: dict[str, Any]) -> dict[str, Any]:
    """A plugin node of a kind: a word, or `type` with the params of that type (dispatched on `type`, one branch each).

    `owned` are the schemas of the keys that the framework itself reads in such a node.
    """
    plugins = {plugin.entry.name: plugin for plugin in _sound(catalog, kind)}
    names = list(plugins)
    branches: list[dict[str, Any]] = []
    for name, plugin in plugins.items():
        schema = plugin.schema()
        definitions.update(schema.pop("$defs", {}))
        branches.append(
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {
                    "title": f"{kind} {name}",
                    "properties": {**owned, "type": True, **schema["properties"]},
                    "required": schema.get("required", []),
                    "additionalProperties": False,
                },
            }
        )
    described = {name: plugin.summary for name, plugin in plugins.items()}
    if kind == "strategy":
        described = {"auto": "What fits the devices.", **described}
    chosen = {"title": kind, "enum": list(described), "enumDescriptions": list(described.values())}
    node = {
        "title": kind,
        "type": "object",
        "properties": {"type": {**chosen, "description": f"Which {kind}."}},
        "allOf": branches,
    }
    short: dict[str, Any] = {"type": "string", "minLength": 1} if kind == "datasource" else chosen
    if kind in ("metric", "tracker"):
        node["required"] = ["type"]
    else:
        branches.append(_without_type([branch["then"]["properties"] for branch in branches]))
    if not names:
        node = {"title": kind, "type": "object"}
        short = {"type": "string"}
    return {"title": kind, "description": f"The {kind}: {KINDS[kind].summary}.", "anyOf": [short, node]}


def _without_type(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """A node that leaves its type to the default or to a layer below: any param that some type of its kind has."""
    params: dict[str, list[Any]] = {}
    for choice in choices:
        for name, schema in choice.items():
            if schema not in params.setdefault(name, []):
                params[name].append(schema)
    properties = {name: schemas[0] if len(schemas) == 1 else {"anyOf": schemas} for name, schemas in params.items()}
    return {"if": {"not": {"required": ["type"]}}, "then": {"properties": properties, "additionalProperties": False}}


def _whole_recipe() -> dict[str, Any]:
    """What a recipe must hold that lies over no other one."""
    schema: dict[str, Any] = {"required": list(REQUIRED_SECTIONS)}
    for path, key in NEEDS:
        node = schema
        for step in path:
            entries = node if step == ANY else node.setdefault("properties", {})
            node = entries.setdefault("additionalProperties" if step == ANY else step, {})
        node.update({"if": {"type": "object"}, "then": {"required": [key]}})
    return schema


def _one_or_more(entry: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [entry, {"type": "array", "items": entry}]}


def _column_or_word(column: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"enum": column["properties"]["type"]["enum"]}, column]}


def _with_references(schema: Any) -> Any:
    """The same schema, with a reference allowed at every place that holds a value."""
    if isinstance(schema, list):
        return [_with_references(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    allowed = {
        key: _with_references(value) if key not in ("const", "enum", "enumDescriptions", "default") else value
        for key, value in schema.items()
    }
    if "properties" in allowed:
        allowed["properties"] = {
            key: _type_or_reference(value) if key == "type" else value if value is True else _or_reference(value)
            for key, value in allowed["properties"].items()
        }
    if isinstance(allowed.get("additionalProperties"), dict):
        allowed["additionalProperties"] = _or_reference(allowed["additionalProperties"])
    if isinstance(allowed.get("items"), dict):
        allowed["items"] = {"anyOf": [allowed["items"], REFERENCE]}
    return allowed


def _type_or_reference(schema: Any) -> Any:
    """A plugin or column type; what only asks which one is chosen stays as it is."""
    if schema is True or "const" in schema:
        return schema
    about = {key: schema[key] for key in ("title", "description") if key in schema}
    return {**about, "anyOf": [schema, REFERENCE]}


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], REFERENCE, {"type": "null"}]}
    return {**described, "anyOf": [schema, REFERENCE, {"type": "null"}]}
