"""Runs of a workspace: all of them, the one a person means, the one to resume."""

from __future__ import annotations

from pathlib import Path

from ymltrain.diagnostics import UsageError, nearest_name
from ymltrain.record.directory import RunDirectory
from ymltrain.record.ulid import is_ulid

LIST_HINT = "`ymltrain runs ls` lists the runs of a workspace; --workspace names another"


def find_runs(workspace: Path) -> list[RunDirectory]:
    """All runs below `workspace`/runs, the oldest first. Half-made ones and other folders are passed over."""
    found = [
        RunDirectory(path, path.parent.name, path.name)
        for path in (workspace / "runs").glob("*/*")
        if is_ulid(path.name) and (path / "plan.json").is_file()
    ]
    return sorted(found, key=lambda run: run.run_id)


def find_run(workspace: Path, run: str) -> RunDirectory:
    """The run that a RUN argument names: a run id, a unique prefix of one, a path, or `latest`.

    Raises UsageError naming the near ones when there is none, or more than one.
    """
    if "/" in run:
        return RunDirectory.open(Path(run))
    runs = find_runs(workspace)
    if run == "latest" and runs:
        return runs[-1]
    matches = [found for found in runs if found.run_id.startswith(run.upper())]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError("YT934", f'"{run}" is the beginning of {len(matches)} run ids', _one_of(matches))
    if Path(run).is_dir():
        return RunDirectory.open(Path(run))
    raise _unknown(workspace, run, runs)


def newest_unfinished(workspace: Path, name: str) -> RunDirectory | None:
    """The newest run of this name that has no final.json: what `fit --resume` goes on with.

    It may be running just now; whoever takes its lock is then told so, rather than handed an older one.
    """
    unfinished = [run for run in find_runs(workspace) if run.name == name and not run.final_file.exists()]
    return unfinished[-1] if unfinished else None


def _unknown(workspace: Path, run: str, runs: list[RunDirectory]) -> UsageError:
    if not runs:
        return UsageError(
            "YT933",
            f"there are no runs in {workspace / 'runs'}",
            "start one with `ymltrain fit RECIPE`, or name another --workspace",
        )
    message = f'there is no run "{run}" in {workspace / "runs"}'
    named = [found for found in runs if found.name == run]
    if named:
        return UsageError("YT933", message, f'"{run}" is the name of {len(named)} of them: {_one_of(named)}')
    near = nearest_name(run, [found.run_id for found in runs])
    return UsageError("YT933", message, LIST_HINT if near is None else f"did you mean {near}? {LIST_HINT}")


def _one_of(runs: list[RunDirectory]) -> str:
    shown = ", ".join(f"{found.run_id} ({found.name})" for found in reversed(runs[-6:]))
    return f"one of: {shown}" + (", …" if len(runs) > 6 else "")
