"""Secrets: a plan holds `${secret:NAME}`, the value is read from the environment where the work is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ymltrain.diagnostics import UsageError

_SECRET = re.compile(r"\$\{secret:\s*([^{},]+?)\s*\}")


def resolve_secrets(value: Any, environment: Mapping[str, str]) -> Any:
    """The value with every secret put in its place. Raises UsageError naming a secret that is not set."""
    if isinstance(value, dict):
        return {key: resolve_secrets(entry, environment) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [resolve_secrets(entry, environment) for entry in value]
    if not isinstance(value, str):
        return value

    def read(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise UsageError("YT820", f"the secret {name} is not set", f"set the environment variable {name} where the run works")
        return environment[name]

    return _SECRET.sub(read, value)
