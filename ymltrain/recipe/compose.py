"""Pass 4: one recipe from its layers: what it extends, the file itself, a profile. Later layers win."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ymltrain.diagnostics import Diagnostic, Diagnostics, Source, Span, did_you_mean
from ymltrain.recipe.document import Node, Origin, plain, with_origin
from ymltrain.recipe.merge import Merge

LoadRecipe: TypeAlias = Callable[[Path, Span], Node | None]
"""Reads, parses and expands a recipe file that another one extends."""

VERSION = 1
NOT_IN_PROFILES = ("recipe", "extends", "profiles")
"""Keys that stand at the top of a recipe only."""


def check_version(root: Node, diagnostics: Diagnostics) -> bool:
    """Whether this is a recipe of a version that can be read; says why not."""
    if not isinstance(root.value, dict):
        found = "a list" if isinstance(root.value, tuple) else "a single value"
        diagnostics.add(
            Diagnostic("YT114", f"a recipe is a mapping of sections; this is {found}", "it starts with `recipe: 1`", root.span)
        )
        return False
    version = root.mapping.get("recipe")
    if version is None or version.value in (VERSION, None):
        return True
    message, hint = f"a recipe of version {plain(version)!r}; this ymltrain reads version {VERSION}", "write `recipe: 1`"
    if isinstance(version.value, int) and version.value > VERSION:
        hint = "it was written for a newer ymltrain: update ymltrain"
    diagnostics.add(Diagnostic("YT115", message, hint, version.span, ("recipe",)))
    return False


def compose(root: Node, load: LoadRecipe, profile: str | None, merge: Merge, diagnostics: Diagnostics) -> Node:
    """The recipe with its layers merged, without `extends`; of `profiles` those are left that were not chosen."""
    composed = _with_bases(root, load, merge, diagnostics, opened=(Path(root.span.source.name).resolve(),))
    return _with_profile(composed, profile, merge, diagnostics)


def _with_bases(root: Node, load: LoadRecipe, merge: Merge, diagnostics: Diagnostics, opened: tuple[Path, ...]) -> Node:
    """The recipe merged over what it extends, the first base lowest."""
    extends = root.mapping.get("extends")
    if extends is None:
        return root
    below: Node | None = None
    for index, entry in enumerate(extends.value if isinstance(extends.value, tuple) else ()):
        if not isinstance(entry.value, str) or "${" in entry.value:
            diagnostics.add(
                Diagnostic("YT202", "`extends` takes names of recipe files", "write a path", entry.span, ("extends", index))
            )
            continue
        path = (Path(entry.span.source.folder) / entry.value).resolve()
        if path in opened:
            chain = " → ".join(step.name for step in (*opened, path))
            diagnostics.add(Diagnostic("YT203", f"recipes extend each other: {chain}", "break the circle", entry.span))
            continue
        base = load(path, entry.span)
        if base is None:
            continue
        base = _with_bases(base, load, merge, diagnostics, (*opened, path))
        below = base if below is None else merge.over(below, base, ())
    rest = root.with_entries({key: entry for key, entry in root.mapping.items() if key != "extends"})
    return rest if below is None else merge.over(below, rest, ())


def _with_profile(root: Node, profile: str | None, merge: Merge, diagnostics: Diagnostics) -> Node:
    profiles = root.mapping.get("profiles")
    known = profiles.mapping if profiles is not None else {}
    for name, entry in known.items():
        for key in NOT_IN_PROFILES:
            if key in entry.mapping:
                place = entry.mapping[key].place
                diagnostics.add(
                    Diagnostic("YT204", f'a profile may not write "{key}"', "write it at the top", place, ("profiles", name, key))
                )
    if profile is None:
        return root
    if profile not in known:
        hint = did_you_mean(profile, known) or "this recipe has no profiles"
        option = f"--profile {profile}"
        place = Span(Source("command line", option), 1, len("--profile ") + 1, 1, len(option) + 1)
        diagnostics.add(Diagnostic("YT205", f'the recipe has no profile "{profile}"', hint, place))
        return root
    assert profiles is not None
    others = profiles.with_entries({name: entry for name, entry in known.items() if name != profile})
    root = root.with_entries({**root.mapping, "profiles": others})
    chosen = {key: entry for key, entry in known[profile].mapping.items() if key not in NOT_IN_PROFILES}
    return merge.over(root, with_origin(known[profile].with_entries(chosen), Origin.PROFILE), ())
