"""`reproduce`: say what differs, restore the code of then, run again, compare."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.evidence import Level, read_evidence
from ymltrain.record.final import read_final
from ymltrain.reproduce.circumstances import Difference, differences_now, read_provenance
from ymltrain.reproduce.compare import TOLERANCE, Comparison, compare_runs
from ymltrain.reproduce.rerun import Again, plugin_files, rerun
from ymltrain.reproduce.restore import Restored, code_restored


@dataclass(frozen=True)
class Request:
    """What is asked for. `level` None means the one the run declares."""

    run: RunDirectory
    workspace: Path
    plugins: tuple[Path, ...] = ()
    level: Level | None = None
    tolerance: float = TOLERANCE
    trusts_code: bool = False
    restores_code: bool = True


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: what differed beforehand, what code was restored, and both runs held against each other."""

    run_id: str
    again: str
    again_dir: str
    then_and_now: tuple[Difference, ...]
    restored: tuple[str, ...]
    not_restored: tuple[str, ...]
    comparison: Comparison


def look_back(request: Request) -> list[Difference]:
    """What differs between then and now.

    Raises UsageError: YT962 the run never came to its end, YT964 it took its weights from another run.
    """
    final = read_final(request.run)
    if final is None or final.tensor_digest is None:
        raise UsageError("YT962", f"run {request.run.run_id} has no result to reproduce", "finish it: `ymltrain fit --resume RUN`")
    trained_by = final.reused.get("train")
    if trained_by is not None:
        hint = f"reproduce that one: ymltrain reproduce {trained_by}"
        raise UsageError("YT964", f"run {request.run.run_id} did not train: it took the weights of run {trained_by}", hint)
    provenance = read_provenance(request.run)
    plugins = plugin_files(request.run, provenance, request.plugins, is_trusted=_is_trusted(request))
    return differences_now(request.run, request.run.plan(), request.workspace, Catalog.installed(plugins))


def reproduce(request: Request, then_and_now: list[Difference], tell: Callable[[str], None]) -> Reproduction:
    """Run it again and compare. `tell` hears the rerun's words. Raises UsageError, RunError, PluginError."""
    provenance = read_provenance(request.run)
    plugins = plugin_files(request.run, provenance, request.plugins, is_trusted=_is_trusted(request))
    changed = _changed_roots(then_and_now) if request.restores_code else set()
    with tempfile.TemporaryDirectory(prefix="ymltrain-code-") as folder:
        restored = Restored(lacking=[f"{root}: the run is another's; --trust-code runs the changes it brings" for root in changed])
        if _is_trusted(request):
            with code_restored(request.run, provenance, changed, Path(folder)) as restored:
                again = rerun(Again(request.run, request.run.plan(), request.workspace, plugins, provenance), restored, tell)
        else:
            again = rerun(Again(request.run, request.run.plan(), request.workspace, plugins, provenance), restored, tell)
    return Reproduction(
        run_id=request.run.run_id,
        again=again.run_id,
        again_dir=str(again.path),
        then_and_now=tuple(then_and_now),
        restored=tuple(map(str, restored.roots)),
        not_restored=tuple(restored.lacking),
        comparison=compare_runs(request.run, again, request.level or declared(request.run), request.tolerance),
    )


def declared(run: RunDirectory) -> Level:
    """The level a run declares; `bitwise` for one made before runs declared any."""
    evidence = read_evidence(run)
    return evidence.level if evidence is not None else "bitwise"


def _is_trusted(request: Request) -> bool:
    """Code that a run brings is run when the run is of this workspace, or when the command line says so."""
    return request.trusts_code or request.run.path.resolve().is_relative_to((request.workspace / "runs").resolve())


def _changed_roots(differences: list[Difference]) -> set[str]:
    return {
        difference.what.partition(": ")[0] for difference in differences if difference.area == "code" and ": " in difference.what
    }
