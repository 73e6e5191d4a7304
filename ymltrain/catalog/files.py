"""Plugins from one file: `--plugin ./my_model.py`. Consent is given on the command line, never by a recipe."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from ymltrain.diagnostics import PluginError
from ymltrain.kinds.params import PLUGIN_MARK, PluginMark


def load_plugin_file(path: Path) -> tuple[str, list[tuple[PluginMark, str, object]]]:
    """Run a Python file; returns the digest of its content and (mark, name, object) of each plugin in it.

    Raises PluginError when the file cannot be read or run, or holds no plugin.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PluginError("YT501", f"--plugin {path}: {error.strerror}", "name a Python file") from None
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    module_name = f"ymltrain_plugin_{digest[7:19]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise PluginError("YT501", f"--plugin {path}: not a Python file", "its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PluginError("YT502", f"--plugin {path}: {type(error).__name__}: {error}", "the file must import cleanly") from error
    found = [
        (mark, name, candidate)
        for name, candidate in vars(module).items()
        if isinstance(mark := getattr(candidate, PLUGIN_MARK, None), PluginMark)
        and getattr(candidate, "__module__", module_name) == module_name
    ]
    if not found:
        raise PluginError("YT503", f"--plugin {path}: holds no plugin", 'mark a class with @plugin("model", "my_model", params=…)')
    return digest, found
