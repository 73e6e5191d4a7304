"""`fit --locked`: only where nothing differs from the newest finished run of the recipe that was not made by `reproduce`."""

from __future__ import annotations

from pathlib import Path

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.plan.plan import Plan, read_plan, write_plan
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import read_final
from ymltrain.record.find import find_runs
from ymltrain.record.labels import REPRODUCES, read_labels
from ymltrain.reproduce.circumstances import differences_now

SHOWN = 12


def check_locked(plan: Plan, workspace: Path, catalog: Catalog) -> None:
    """Raises UsageError: YT842 something differs, YT848 there is no run to compare with."""
    runs = [run for run in find_runs(workspace) if run.name == plan.name and run.final_file.exists()]
    run = next((run for run in reversed(runs) if _is_done(run) and REPRODUCES not in read_labels(run).tags), None)
    if run is None:
        raise UsageError("YT848", f'there is no finished run of "{plan.name}" to be locked to', "fit once without --locked")
    was, now = run.plan(), read_plan(write_plan(plan), "the plan")  # as JSON has it: lists, where the compiler has tuples
    found = changes(was.recipe.resolved, now.recipe.resolved)
    if not found and was.digest != now.digest:
        found = ["the installed plugins or ymltrain changed"]
    found += [
        f"{difference.area}: {difference.what}: {difference.was!r} → {difference.now!r}"
        for difference in differences_now(run, now, workspace, catalog)
        if difference.matters
    ]
    if found:
        shown = found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])
        message = f"this is not what run {run.run_id} was made with:\n  " + "\n  ".join(shown)
        raise UsageError("YT842", message, "take the changes back, or fit without --locked")


def _is_done(run: RunDirectory) -> bool:
    final = read_final(run)
    return final is not None and final.status == "done"


def changes(was: object, now: object, path: str = "") -> list[str]:
    """Where two resolved recipes differ, a line each."""
    if isinstance(was, dict) and isinstance(now, dict):
        keys = [*was, *(key for key in now if key not in was)]
        return [line for key in keys for line in changes(was.get(key), now.get(key), f"{path}.{key}" if path else str(key))]
    return [] if was == now else [f"{path}: {was!r} → {now!r}"]
