"""What a new plugin and its distribution may be called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ymltrain.catalog.catalog import Catalog
from ymltrain.catalog.known import DISTRIBUTIONS, NOT_YET
from ymltrain.diagnostics import UsageError

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 40
RULE = f"a plugin's name has small letters, digits and single underscores, begins with a letter, and is {LONGEST} long at most"
WORDS = frozenset({("strategy", "auto"), ("launcher", "local")})
"""What a recipe may write where it chooses a plugin, and that is none."""


SUFFIXES = {"datasource": "Source", "lr_scheduler": "Schedule"}
"""What the class of a kind is called after its name, where that is not the kind."""


@dataclass(frozen=True)
class Names:
    """One name in all the forms that a distribution needs: `gated_unit` is also GatedUnitModel and ymltrain-gated-unit."""

    kind: str
    name: str

    @property
    def class_name(self) -> str:
        """The class of the plugin: `gated` is GatedModel."""
        suffix = SUFFIXES.get(self.kind, self.kind.capitalize())
        return _camel(self.name).removesuffix(suffix) + suffix

    @property
    def params_name(self) -> str:
        """The struct of its params: GatedParams."""
        return _camel(self.name).removesuffix("Params") + "Params"

    @property
    def package(self) -> str:
        """The package that is imported."""
        return f"ymltrain_{self.name}"

    @property
    def distribution(self) -> str:
        """What is installed, and the folder it is written to."""
        return f"ymltrain-{self.name.replace('_', '-')}"


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def check_names(kind: str, name: str, catalog: Catalog) -> Names:
    """The names of a new plugin. Raises UsageError where one of this kind has the name, or none can have it."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError("YT861", f'a plugin cannot be called "{name}"', RULE)
    if (kind, name) in WORDS:
        raise UsageError("YT861", f'"{name}" is a word of recipes, no {kind}', "choose another name")
    if name in catalog.names(kind):
        source = catalog.find(kind, name).source
        hint = "two plugins of one name and kind cannot be told apart: choose another name"
        raise UsageError("YT861", f'there is a {kind} "{name}" already, of {source.distribution} {source.version}', hint)
    if (kind, name) in DISTRIBUTIONS:
        raise UsageError("YT861", f'{kind} "{name}" is that of {DISTRIBUTIONS[kind, name]}', "choose another name")
    if (kind, name) in NOT_YET:
        raise UsageError("YT861", f'{kind} "{name}" is kept for a later version of ymltrain', "choose another name")
    return Names(kind, name)
