"""The kinds of plugin: their contracts, their params and the mark that an implementation carries."""

from ymltrain.kinds.kind import KINDS, Kind
from ymltrain.kinds.params import DataPath, NoParams, Params, PluginMark, params_schema, plugin

__all__ = ["KINDS", "DataPath", "Kind", "NoParams", "Params", "PluginMark", "params_schema", "plugin"]
