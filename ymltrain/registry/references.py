"""How a version is named: `name@alias`, `name@3`, `name@sha256:…`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ymltrain.diagnostics import ModelNameError
from ymltrain.storage import alias_problem, is_digest, model_name_problem

HOW_TO_NAME = "name a version as NAME@ALIAS, NAME@3 or NAME@sha256:…"


@dataclass(frozen=True)
class Reference:
    """A model and what picks one of its versions: an alias, a number, or the digest of its manifest."""

    model: str
    pick: str | int

    def __str__(self) -> str:
        return f"{self.model}@{self.pick}"


def parse_reference(text: str) -> Reference:
    """Read a reference. Raises ModelNameError when it names no version in any of the three ways."""
    model, separator, pick = text.partition("@")
    if not separator or not pick:
        raise ModelNameError("YT951", f'"{text}" does not say which version', HOW_TO_NAME)
    check_model_name(model)
    if re.fullmatch(r"v?[1-9][0-9]*", pick):
        if pick.startswith("v"):
            raise ModelNameError("YT951", f'"{pick}" is neither a version nor an alias', f"write {model}@{pick[1:]}")
        return Reference(model, int(pick))
    if not is_digest(pick):
        check_alias(pick)
    return Reference(model, pick)


def check_model_name(name: str) -> None:
    """Raise ModelNameError, saying what is allowed, unless a model may have this name."""
    problem = model_name_problem(name)
    if problem is not None:
        raise ModelNameError("YT951", f"no model can be named {name!r}", problem)


def check_alias(alias: str) -> None:
    """Raise ModelNameError, saying what is allowed, unless an alias may have this name."""
    problem = alias_problem(alias)
    if problem is not None:
        raise ModelNameError("YT951", f"no alias can be named {alias!r}", problem)
