"""Importing one plugin: refused by name when it was built for another API, fails to import or breaks its contract."""

from __future__ import annotations

from typing import Any

from ymltrain.catalog.entry import LoadedPlugin, PluginEntry
from ymltrain.diagnostics import PluginError
from ymltrain.kinds import KINDS, Kind, Params, PluginMark, params_schema
from ymltrain.kinds.api_version import API_GROUP, kept_versions
from ymltrain.kinds.params import PLUGIN_MARK


def load_plugin(entry: PluginEntry) -> LoadedPlugin:
    """Import a plugin; whatever is wrong with it is said with its distribution's name. Raises PluginError."""
    _check_api(entry)
    try:
        implementation = entry.load()
    except (Exception, SystemExit) as error:
        message = f"{entry} cannot be imported: {type(error).__name__}: {error}"
        raise PluginError("YT506", message, f"reinstall or update {entry.source.distribution}") from error
    problem = _contract_problem(entry, implementation)
    if problem is not None:
        raise PluginError("YT507", f"{entry} breaks its contract: {problem}", f"tell the authors of {entry.source.distribution}")
    mark: PluginMark = getattr(implementation, PLUGIN_MARK)
    return LoadedPlugin(entry, implementation, mark.params)


def _check_api(entry: PluginEntry) -> None:
    """Before anything is imported: code for other contracts may fail anywhere, or silently do something else."""
    if entry.built_for is None:
        message = f"{entry} names a version of the plugin API that is none"
        raise PluginError("YT515", message, f'an entry point of the group {API_GROUP} is like v1 = "ymltrain.api"')
    kept = kept_versions(entry.kind)
    if entry.built_for & kept:
        return
    message = f"{entry} is built for plugin API {_listed(entry.built_for)}; this ymltrain has {_listed(kept)}"
    is_newer = min(entry.built_for) > max(kept)
    raise PluginError("YT515", message, f"update {'ymltrain' if is_newer else entry.source.distribution}")


def _listed(versions: frozenset[int]) -> str:
    return " and ".join(map(str, sorted(versions)))


def _contract_problem(entry: PluginEntry, implementation: Any) -> str | None:
    mark = getattr(implementation, PLUGIN_MARK, None)
    if not isinstance(mark, PluginMark):
        return f"{entry.source.entry} is not marked with @plugin"
    if (mark.kind, mark.name) != (entry.kind, entry.name):
        return f'it is marked as {mark.kind} "{mark.name}"'
    kind = KINDS[entry.kind]
    missing = [member for member in kind.members if not hasattr(implementation, member)]
    if missing:
        return f"it has no {', '.join(missing)}"
    return _params_problem(mark.params, kind)


def _params_problem(params: Any, kind: Kind) -> str | None:
    if not (isinstance(params, type) and issubclass(params, Params)):
        return f"its params are {params!r}, which is no subclass of Params"
    owned = sorted(set(params.__struct_fields__) & set(kind.owned_keys))
    if owned:
        return f"its params are named {', '.join(owned)}, which a {kind.name} node keeps for itself"
    try:
        params_schema(params)
    except (TypeError, NameError) as error:  # a type that JSON has not, or a name that is not there
        return f"its params have no JSON Schema: {error}"
    return None
