"""docs/reference/recipe.md: every section and key of the recipe language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docsbuild.tables import default, description, followed, limits, table, takes
from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.link import DEFAULT_ENCODERS
from ymltrain.compiler.look import DEFAULT_LOSS, DEFAULT_METRICS
from ymltrain.compiler.not_yet import NOT_YET
from ymltrain.recipe.envelope import envelope_schema
from ymltrain.recipe.grammar import ANY, DEFAULT_TYPES, LIST_POSITIONS, PLUGIN_POSITIONS, SECTIONS

HEADERS = ("key", "takes", "range", "default", "meaning")

PLUGIN_TYPES = {(position[0], "type") for position in PLUGIN_POSITIONS if len(position) == 1}
"""Where `type` chooses a plugin, which the remarks of the section say."""

INTRODUCTION = """# The recipe

Every section and key, in the order in which a person reads them. This is the long form, which the compiler makes of every
recipe first; [short forms and all other rules of the language](rules.md#the-recipe-language) stand on their own page, and what
a plugin takes beside `type` on [the pages of the plugins](plugins/README.md).

Five sections must be there: `recipe`, `name`, `datasource`, `target` and `model`. An unknown key is an error in every section.
`ymltrain plan RECIPE` shows every value with the line that set it, and `ymltrain schema` prints all this as a JSON Schema.
"""

WRITTEN_BY_HAND = {
    "extends": "Names of recipe files that lie below this one, relative to it; a later one wins over an earlier one, this file over all."
    " One name needs no brackets.",
    "profiles": "Fragments of a recipe by name; `--profile NAME` lays one over the rest. A fragment may write any section but"
    " `recipe`, `extends` and `profiles`.",
}


def recipe_page(catalog: Catalog) -> str:
    """The page."""
    schema = envelope_schema()
    return INTRODUCTION + "".join(_section(name, schema, catalog) for name in SECTIONS)


def _section(name: str, schema: Mapping[str, Any], catalog: Catalog) -> str:
    text = f"\n## `{name}`\n\n"
    if name in WRITTEN_BY_HAND:
        return text + WRITTEN_BY_HAND[name] + "\n"
    section = followed(schema["properties"][name], schema["$defs"])
    text += " ".join(filter(None, (description(section), *_remarks(name, section, schema, catalog)))) + "\n"
    rows = list(_rows(section, schema["$defs"], name))
    if rows:
        text += "\n" + table(HEADERS, rows)
    return text


def _remarks(name: str, section: Mapping[str, Any], schema: Mapping[str, Any], catalog: Catalog) -> Iterator[str]:
    """What the section takes and what it is when it is not written; what of it this version does not bring."""
    kind = next((kind for position, kind in PLUGIN_POSITIONS.items() if position[0] == name and position[1:] in ((), (ANY,))), None)
    if kind is None and "properties" not in section and section.get("type") != "object":
        yield f"Takes {takes(section)}" + (f" ({limits(section)})" if limits(section) else "") + "."
    if default(section, name, schema):
        yield "Required." if default(section, name, schema) == "required" else f"The default is {default(section, name, schema)}."
    if kind is not None:
        yield from _plugins(kind, catalog)
    if (name,) in LIST_POSITIONS:
        yield "A list; one entry needs no brackets."
    if name == "features":
        yield (
            "Which type a column takes by itself stands in the [written rules](rules.md); one that has none is left out with a"
            " warning. " + " ".join(f"The encoder of a `{column}` is `{encoder}`." for column, encoder in DEFAULT_ENCODERS.items())
        )
    yield from _not_yet(name)


def _plugins(kind: str, catalog: Catalog) -> Iterator[str]:
    names = catalog.names(kind)
    if names:
        listed = ", ".join(f"[`{one}`](plugins/{kind}.md#{one})" for one in names)
        yield f"Built in: {listed}."
    else:
        yield "This version has none built in."
    if kind in DEFAULT_TYPES:
        yield f"The default is `{DEFAULT_TYPES[kind]}`." + (
            " `auto` is chosen from the devices and what the model takes on each; `plan` says why." if kind == "strategy" else ""
        )
    if kind == "loss":
        yield " ".join(f"For {task} the default is `{one}`." for task, one in DEFAULT_LOSS.items())
    if kind == "metric":
        yield " ".join(f"For {task} the default is `[{', '.join(names)}]`." for task, names in DEFAULT_METRICS.items())
    if kind == "registry":
        yield "Without this section nothing is registered."


def _not_yet(name: str) -> Iterator[str]:
    """What the language has and this version refuses."""
    refused = [(path, hint) for path, _, hint in NOT_YET if path[0] == name]
    if refused and refused[0][0] == (name,):
        yield f"This version refuses the section (YT404): {refused[0][1]}."
    elif refused:
        yield (
            "This version refuses (YT404) other values of "
            + "; ".join(f"`{'.'.join(path)}`: {hint}" for path, hint in refused)
            + "."
        )


def _rows(section: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Iterator[tuple[str, ...]]:
    """The keys below a section, those of nested mappings included."""
    for name, written in section.get("properties", {}).items():
        below = followed(written, definitions)
        key = f"{path}.{name}"
        is_plugin = written.get("$ref") == "#/$defs/Node"
        what = "a plugin" if is_plugin else "a mapping" if "properties" in below else takes(below)
        if (path, name) not in PLUGIN_TYPES:
            shown = "" if "properties" in below and not is_plugin else default(written, name, section)
            yield f"`{key}`", what, "" if is_plugin else limits(below), shown, description(below)
        if not is_plugin:
            yield from _rows(below, definitions, key)
            items = below.get("items", {})
            if "$ref" in items and items["$ref"] != "#/$defs/Node":
                yield from _rows(followed(items, definitions), definitions, f"{key}[]")
    for branch in section.get("anyOf", ()):
        if isinstance(branch.get("additionalProperties"), dict):
            yield from _rows(followed(branch["additionalProperties"], definitions), definitions, f"{path}.COLUMN")
