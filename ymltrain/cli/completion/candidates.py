"""What may stand for an argument or the value of an option, by the name that the verbs give it.

A verb that calls its argument as others do is completed as theirs are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import click
from click.shell_completion import CompletionItem

WORDS = "ymltrain.completion.words"
"""Where in a context's `meta` the words stand that are done."""

RECIPES = (".yaml", ".yml")

Complete: TypeAlias = Callable[[click.Context, str], Iterator[CompletionItem]]


def candidates_for(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem] | None:
    """The candidates for a parameter, or None when it is left to its own type."""
    name = parameter.name or ""
    complete = BY_VERB.get((context.command_path.removeprefix("ymltrain "), name)) or BY_NAME.get(name)
    if complete is not None:
        return list(complete(context, incomplete))
    if isinstance(parameter.type, click.Path):
        return list(_paths(incomplete))
    return None


def _paths(incomplete: str, suffixes: tuple[str, ...] = (), *, folders_only: bool = False) -> Iterator[CompletionItem]:
    """Folders, and files with one of the suffixes (or any)."""
    tail = incomplete.rpartition("/")[2]
    typed = incomplete[: len(incomplete) - len(tail)]
    folder = Path(typed).expanduser() if typed else Path()
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") and not tail.startswith("."):
            continue
        if entry.is_dir():
            yield CompletionItem(f"{typed}{entry.name}/")
        elif not folders_only and entry.name.endswith(suffixes or ("",)):
            yield CompletionItem(f"{typed}{entry.name}")


def _recipes(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    del context
    return _paths(incomplete, RECIPES)


def _python_files(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    del context
    return _paths(incomplete, (".py",))


def _folders(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    del context
    return _paths(incomplete, folders_only=True)


def _recipe_or_overrides(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """`fit [RECIPE] [KEY=VALUE]...`: the first is a recipe."""
    return _overrides(context, incomplete) if context.params.get("arguments") else _recipes(context, incomplete)


def _overrides(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """`optimizer.lr=`, and after the equals sign the words that may stand there."""
    from ymltrain.cli.completion.recipe_keys import override_candidates

    return override_candidates(_request(context), incomplete)


def _keys(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.cli.completion.recipe_keys import key_candidates

    return key_candidates(_request(context), incomplete)


def _profiles(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.compiler.outline import profile_names

    del incomplete
    return (CompletionItem(name) for name in profile_names(_request(context)))


def _request(context: click.Context) -> Any:
    """The compilation of the recipe that is named so far. Plugin files of --plugin are not run."""
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.compiler.request import Request
    from ymltrain.record.workspace import find_workspace

    arguments = context.params.get("arguments") or ()
    recipe = context.params.get("recipe") or (arguments[0] if arguments else _recipe_among(context.meta[WORDS]))
    overrides = context.params.get("overrides") or arguments[1:]
    return Request(
        recipe=Path(recipe),
        workspace=find_workspace(context.params.get("workspace")),
        catalog=Catalog.installed(),
        environment={},
        overrides=tuple(overrides),
        profile=context.params.get("profile"),
        reads_data=False,
    )


def _recipe_among(words: list[str]) -> str:
    """The recipe of a line that click cannot make sense of yet, as when an option lacks its value."""
    return next((word for word in words if word.endswith(RECIPES)), "")


def _kinds(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.kinds import KINDS

    del context, incomplete
    return (CompletionItem(kind.name, help=kind.summary) for kind in KINDS.values())


def _kinds_to_begin(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.authoring import kinds_with_templates

    return (item for item in _kinds(context, incomplete) if item.value in kinds_with_templates())


def _plugins(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.catalog.catalog import Catalog

    del incomplete
    kind = context.params.get("kind") or ""
    for entry in Catalog.installed().entries():
        if entry.kind == kind:
            yield CompletionItem(entry.name, help=f"{entry.source.distribution} {entry.source.version}".rstrip())


def _runs(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.record.find import find_runs
    from ymltrain.record.workspace import find_workspace

    del incomplete
    runs = find_runs(find_workspace(context.params.get("workspace")))
    if runs:
        yield CompletionItem("latest", help=runs[-1].name)
    for run in reversed(runs):
        yield CompletionItem(run.run_id, help=run.name)


def _run_names(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.record.find import find_runs
    from ymltrain.record.workspace import find_workspace

    del incomplete
    names = {run.name for run in find_runs(find_workspace(context.params.get("workspace")))}
    return (CompletionItem(name) for name in sorted(names))


def _models(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """`name@alias` and `name@3`, then runs, then what lies in folders."""
    yield from _versions(context, incomplete)
    if "@" not in incomplete:
        yield from _runs(context, incomplete)
        yield from _folders(context, incomplete)


def _versions(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.cli.completion.registered import registered

    for model in registered(context):
        if not model.name.startswith(incomplete.partition("@")[0]):
            continue
        for alias, version in model.aliases.items():
            yield CompletionItem(f"{model.name}@{alias}", help=f"version {version}")
        for version in reversed(model.versions):
            yield CompletionItem(f"{model.name}@{version}")


def _model_names(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from ymltrain.cli.completion.registered import registered

    del incomplete
    return (CompletionItem(model.name) for model in registered(context))


BY_NAME: dict[str, Complete] = {
    "recipe": _recipes,
    "arguments": _recipe_or_overrides,
    "overrides": _overrides,
    "key": _keys,
    "profile": _profiles,
    "kind": _kinds,
    "run": _runs,
    "runs": _runs,
    "resume": _runs,
    "model": _models,
    "version": _versions,
    "plugins": _python_files,
    "workspace": _folders,
    "into": _folders,
}

BY_VERB: dict[tuple[str, str], Complete] = {
    ("plugins show", "name"): _plugins,
    ("plugins new", "kind"): _kinds_to_begin,
    ("schema", "name"): _plugins,
    ("runs ls", "name"): _run_names,
    **{(f"models {verb}", "name"): _model_names for verb in ("show", "log", "rollback")},
    **{(f"models {verb}", "model"): _model_names for verb in ("register", "push")},
    **{(f"models {verb}", "model"): _versions for verb in ("pull", "tag")},
    **{("models diff", name): _models for name in ("was", "now")},
    ("models register", "source"): _runs,
    ("models verify", "models"): _versions,
}
"""Names that mean another thing with another verb."""
