"""Which names a model and an alias may have. The compiler and the registry ask the same rule."""

from __future__ import annotations

import re

from ymltrain.storage.paths import path_problem

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
RESERVED_ALIAS = re.compile(r"[0-9]+|v[0-9]+|sha256.*")
NAME_RULE = "1 to 128 of the characters a-z, 0-9, '.', '_' and '-', the first a letter or a digit, the last not '.', and no '..'"
ALIAS_RULE = f"{NAME_RULE}; not a number, not v and a number, not beginning with sha256"


def model_name_problem(name: str) -> str | None:
    """Why a model may not have this name, saying what is allowed; None when it may."""
    return _name_problem(name, f"a model name is {NAME_RULE}")


def alias_problem(alias: str) -> str | None:
    """Why an alias may not have this name, saying what is allowed; None when it may.

    What could be read as a version (`3`, `v3`, `sha256:…`) is no alias, so that `name@…` has one meaning.
    """
    rule = f"an alias is {ALIAS_RULE}"
    return rule if RESERVED_ALIAS.fullmatch(alias) else _name_problem(alias, rule)


def _name_problem(name: str, rule: str) -> str | None:
    if not NAME.fullmatch(name) or ".." in name or name.endswith("."):
        return rule
    problem = path_problem(name)  # a name is a folder's name too
    return f'"{name}" {problem}' if problem else None
