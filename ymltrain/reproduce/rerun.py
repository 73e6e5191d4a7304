"""Doing a run again: the same plan in a process of its own, with the code, threads and plugins of then."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import RunError, UsageError
from ymltrain.plan.plan import Plan, seal, write_plan
from ymltrain.record.directory import RunDirectory
from ymltrain.record.evidence import read_evidence
from ymltrain.record.labels import REPRODUCES, tag_run
from ymltrain.record.provenance import THREAD_VARIABLES
from ymltrain.reproduce.restore import Restored

VIEWS = ("tracker", "registry")
SOURCE_FOLDERS = ("", "src")
FORCED_STAGES = ("features",)


@dataclass(frozen=True)
class Again:
    """What a rerun is given. `plugins` are the files that were given with --plugin, in their order."""

    run: RunDirectory
    plan: Plan
    workspace: Path
    plugins: tuple[Path, ...]
    provenance: Mapping[str, Any]


def plan_to_repeat(plan: Plan) -> Plan:
    """The plan without what is no part of the result: nothing is registered twice, no tracker hears of it."""
    nodes = tuple(node for node in plan.nodes if node.kind not in VIEWS)
    ids = {node.id for node in nodes}
    edges = tuple(edge for edge in plan.edges if {edge.source, edge.target} <= ids)
    changes: dict[str, Any] = {"nodes": nodes, "edges": edges, "register": None}
    names = [getattr(stage, "name", stage) for stage in plan.stages]
    changes["stages"] = tuple(stage for stage, name in zip(plan.stages, names, strict=True) if name not in ("register", "promote"))
    return seal(msgspec.structs.replace(plan, **changes))


def rerun(again: Again, restored: Restored, tell: Callable[[str], None]) -> RunDirectory:
    """Run the plan again and give the new run's directory. Raises RunError YT961 when it does not come to its end."""
    with tempfile.TemporaryDirectory(prefix="ymltrain-reproduce-") as folder:
        plan_file = Path(folder) / "plan.json"
        plan_file.write_bytes(write_plan(plan_to_repeat(again.plan)))
        command = [sys.executable, "-m", "ymltrain", "fit", "--plan", str(plan_file), "--workspace", str(again.workspace), "--json"]
        for plugin in again.plugins:
            command += ["--plugin", str(plugin)]
        for stage in FORCED_STAGES:
            command += ["--force-stage", stage]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            command,
            cwd=_folder(again, restored),
            env=_environment(again, restored),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said = _pass_on(process, tell)
            output = process.stdout.read() if process.stdout else ""
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()
    if process.returncode != 0:
        raise RunError(
            "YT961", f"the run could not be done again: {_why(output) or said}", "its words are above; mend that and repeat"
        )
    run = RunDirectory.open(Path(msgspec.json.decode(output)["run_dir"]))
    tag_run(run, {REPRODUCES: again.run.run_id})
    return run


def plugin_files(
    run: RunDirectory, provenance: Mapping[str, Any], given: tuple[Path, ...], *, is_trusted: bool
) -> tuple[Path, ...]:
    """The plugin files to load: those given, else those the run kept, when its code may be run.

    Raises UsageError YT960 when neither is so.
    """
    kept = [run.path / "code" / "plugins" / name for name in provenance.get("plugins", [])]
    if given or not kept:
        return given
    if not is_trusted:
        names = ", ".join(provenance["plugins"])
        raise UsageError(
            "YT960",
            f"the run loaded plugins from files: {names}",
            "give them with --plugin, or --trust-code to run the run's copies",
        )
    return tuple(kept)


def _folder(again: Again, restored: Restored) -> Path:
    """The folder to run in: that of then where it is restored or still there."""
    folder = restored.moved(Path(str(again.provenance.get("folder", again.workspace))))
    return folder if folder.is_dir() else again.workspace


def _environment(again: Again, restored: Restored) -> dict[str, str]:
    """The present environment with the threads of then; restored source folders come first on Python's path."""
    environment = dict(os.environ)
    was = again.provenance.get("environment", {})
    for name in THREAD_VARIABLES:
        environment.pop(name, None)
        if name in was:
            environment[name] = was[name]
    evidence = read_evidence(again.run)
    if evidence is not None and "OMP_NUM_THREADS" not in was:
        environment["OMP_NUM_THREADS"] = str(evidence.runtime.get("threads", 1))
    lock = again.provenance.get("lock", {})
    editable = [restored.moved(Path(package["editable"])) for package in lock.values() if package.get("editable")]
    moved = [
        place / source
        for place in editable
        for source in SOURCE_FOLDERS
        if any(place.is_relative_to(new) for new in restored.roots.values())
    ]
    if moved:
        environment["PYTHONPATH"] = os.pathsep.join([*map(str, moved), *filter(None, [environment.get("PYTHONPATH")])])
    return environment


def _pass_on(process: subprocess.Popen[str], tell: Callable[[str], None]) -> str:
    """Hand on what it says as it goes; gives the last line."""
    last = ""
    for line in process.stderr or ():
        last = line.rstrip("\n")
        tell(last)
    return last


def _why(output: str) -> str:
    try:
        error: dict[str, Any] = msgspec.json.decode(output)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
    return f"[{error['code']}] {error['message']}"
