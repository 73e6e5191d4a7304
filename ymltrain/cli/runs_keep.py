"""`ymltrain runs tag`, `note`, `archive`, `rm` and `gc`: labels, and what can go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


def _found(workspace: Path | None, run: str) -> Any:
    from ymltrain.record.find import find_run
    from ymltrain.record.workspace import find_workspace

    return find_run(find_workspace(workspace), run)


def _told(run: Any, labels: Any, *, as_json: bool) -> int:
    import msgspec

    from ymltrain.report.console import tell, write_json
    from ymltrain.report.numbers import counted

    if as_json:
        write_json({"run_id": run.run_id, **msgspec.to_builtins(labels)})
    else:
        tags = "  ".join(f"{key}={value}" if value else key for key, value in labels.tags.items())
        tell(f"{run.run_id}  {tags or 'no tags'}, {counted(len(labels.notes), 'note')}{', archived' if labels.is_archived else ''}")
    return 0


@click.command("tag", epilog=examples("ymltrain runs tag latest kept baseline=yes", "ymltrain runs tag latest --remove kept"))
@click.argument("run")
@click.argument("tags", nargs=-1, metavar="[KEY[=VALUE]]...")
@click.option("--remove", multiple=True, metavar="KEY", help="Take a tag away.")
@common_options
def tag(
    run: str, tags: tuple[str, ...], remove: tuple[str, ...], plugins: tuple[Path, ...], workspace: Path | None, as_json: bool
) -> int:
    """Set tags of a run, or show them."""
    del plugins
    from ymltrain.record.labels import read_labels, tag_run

    found = _found(workspace, run)
    pairs = {key: value for key, _, value in (word.partition("=") for word in tags)}
    labels = tag_run(found, pairs, frozenset(remove)) if pairs or remove else read_labels(found)
    return _told(found, labels, as_json=as_json)


@click.command("note", epilog=examples("ymltrain runs note latest 'The learning rate was too high.'"))
@click.argument("run")
@click.argument("text")
@common_options
def note(run: str, text: str, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:
    """Add a note to a run; `runs show` and reports show it."""
    del plugins
    from ymltrain.record.labels import note_run

    found = _found(workspace, run)
    return _told(found, note_run(found, text), as_json=as_json)


@click.command("archive", epilog=examples("ymltrain runs archive 01M8ADHR", "ymltrain runs archive 01M8ADHR --undo"))
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--undo", is_flag=True, help="Bring them back.")
@common_options
def archive(runs: tuple[str, ...], undo: bool, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:
    """Put runs away: `runs ls` leaves them out, nothing of them is lost."""
    del plugins
    import msgspec

    from ymltrain.record.labels import archive_run
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.numbers import counted

    found = [_found(workspace, run) for run in runs]
    labels = {run.run_id: archive_run(run, is_archived=not undo) for run in found}
    if as_json:
        write_json([{"run_id": run_id, **msgspec.to_builtins(label)} for run_id, label in labels.items()])
    else:
        tell(f"{counted(len(labels), 'run')} {'brought back' if undo else 'put away'}")
    return 0


@click.command("rm", epilog=examples("ymltrain runs rm 01M8ADHR --yes"))
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
def rm(runs: tuple[str, ...], yes: bool, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:
    """Remove runs for good. Registered versions stay: a registry keeps files of its own."""
    del plugins
    from ymltrain.diagnostics import UsageError
    from ymltrain.record.keeping import remove_run
    from ymltrain.report.console import tell, write_json

    found = [_found(workspace, run) for run in runs]
    names = ", ".join(f"{run.name} {run.run_id}" for run in found)
    if not yes:
        raise UsageError(
            "YT846", f"this would remove for good: {names}", "say so with --yes, or put them away: ymltrain runs archive"
        )
    for run in found:
        remove_run(run)
    if as_json:
        write_json({"removed": [run.run_id for run in found]})
    else:
        tell(f"removed {names}")
    return 0


@click.command("gc", epilog=examples("ymltrain runs gc --dry-run", "ymltrain runs gc --older-than 7"))
@click.option(
    "--older-than", type=click.FloatRange(min=0), default=30.0, show_default=True, metavar="DAYS", help="Leave what is younger."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@common_options
def gc(older_than: float, dry_run: bool, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:
    """Remove what finished runs no longer need: their checkpoints, and leftovers of killed commands.

    The record, the bundle and everything else of a run stay. Unfinished runs keep their checkpoints.
    """
    del plugins
    import msgspec

    from ymltrain.record.keeping import find_garbage, remove_garbage
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.numbers import size

    garbage = find_garbage(find_workspace(workspace), older_than)
    if not dry_run:
        remove_garbage(garbage)
    total = sum(found.bytes for found in garbage)
    if as_json:
        write_json(
            {"removed": [] if dry_run else msgspec.to_builtins(garbage), "found": msgspec.to_builtins(garbage), "bytes": total}
        )
    else:
        for found in garbage:
            tell(f"{size(found.bytes):>10}  {found.path}: {found.why}")
        tell(f"{size(total)} {'would be' if dry_run else 'were'} freed")
    return 0
