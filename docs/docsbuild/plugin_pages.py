"""docs/reference/plugins/: one page a kind, with what each built-in plugin does, takes and promises."""

from __future__ import annotations

import inspect
from importlib import import_module

from docsbuild.tables import default, description, limits, table, takes
from ymltrain.catalog.catalog import Catalog
from ymltrain.catalog.entry import LoadedPlugin
from ymltrain.kinds import KINDS, Kind

INDEX = """# Plugins

Each plugin that ymltrain brings, by kind. `ymltrain plugins ls` lists what is installed where you are, with the distribution
that brings each; `ymltrain plugins show KIND NAME` shows one. [Add one of your own](../../how-to/add-a-plugin.md).

"""


def plugin_pages(catalog: Catalog) -> dict[str, str]:
    """Path below docs/reference → page."""
    pages = {f"plugins/{kind.name}.md": _page(kind, catalog) for kind in KINDS.values() if catalog.names(kind.name)}
    rows = [_index_row(kind, catalog) for kind in KINDS.values()]
    return {"plugins/README.md": INDEX + table(("kind", "is", "built in", "entry point group"), rows), **pages}


def _index_row(kind: Kind, catalog: Catalog) -> tuple[str, ...]:
    names = catalog.names(kind.name)
    listed = ", ".join(f"[`{name}`]({kind.name}.md#{name})" for name in names) or "none in this version"
    return f"`{kind.name}`", kind.summary, listed, f"`{kind.entry_point_group}`"


def _page(kind: Kind, catalog: Catalog) -> str:
    text = f"# {kind.name}: {kind.summary}\n\n"
    text += f"An implementation has {_listed(kind.members)}; `ymltrain/kinds/contracts.py` says what each does. "
    text += f"The framework reads {_listed(kind.owned_keys)} in such a node itself, so no param has that name.\n"
    return text + "".join(_plugin(catalog.load(kind.name, name)) for name in catalog.names(kind.name))


def _plugin(plugin: LoadedPlugin) -> str:
    source = plugin.entry.source
    module, _, class_name = source.entry.partition(":")
    rules = inspect.getdoc(import_module(module)) or ""
    text = f"\n## {plugin.entry.name}\n\n{rules}\n\n"
    schema = plugin.schema()
    properties = schema.get("properties", {})
    if properties:
        rows = [
            (f"`{name}`", takes(param), limits(param), default(param, name, schema), description(param))
            for name, param in properties.items()
        ]
        text += table(("param", "takes", "range", "default", "meaning"), rows)
    else:
        text += "It takes no params.\n"
    return text + f"\nFrom {source.distribution}: `{class_name}` in `{module}`.\n"


def _listed(names: tuple[str, ...]) -> str:
    words = [f"`{name}`" for name in names]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
