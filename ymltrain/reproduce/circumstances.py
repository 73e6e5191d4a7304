"""What a run depended on besides its plan, then and now: code, packages, hardware, settings, data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError, YmltrainError
from ymltrain.kinds.params import absolute_paths
from ymltrain.plan.plan import Plan
from ymltrain.record.directory import RunDirectory
from ymltrain.record.evidence import read_evidence
from ymltrain.record.provenance import THREAD_VARIABLES, gather_provenance

Area = Literal["code", "packages", "hardware", "settings", "data"]
MACHINE_FIELDS = ("architecture", "cpu", "cpu_flags", "gpu_driver", "libc")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was. `matters` tells whether it can change a result."""

    area: Area
    what: str
    was: Any
    now: Any
    matters: bool = True


def read_provenance(run: RunDirectory) -> dict[str, Any]:
    """provenance.json as it stands. Raises UsageError when it is damaged."""
    try:
        document: dict[str, Any] = msgspec.json.decode(run.provenance_file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError("YT935", f"{run.provenance_file} is damaged: {error}", "copy the run's directory again") from None
    return document


def differences_now(run: RunDirectory, plan: Plan, workspace: Path, catalog: Catalog) -> list[Difference]:
    """What differs between when the run was made and now, data included: they are read in full for their digest."""
    was = read_provenance(run)
    now = gather_provenance(sys.argv, os.environ, Path(str(was.get("folder", Path.cwd())))).document
    return [*compare_provenance(was, now), *_data(run, plan, workspace, catalog)]


def compare_provenance(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What differs between two provenances, in the order of what most likely matters."""
    return [*_code(was, now), *_packages(was, now), *_hardware(was, now), *_settings(was, now)]


def _code(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    before = {root["root"]: root for root in was.get("repositories", [])}
    after = {root["root"]: root for root in now.get("repositories", [])}
    by_user = {user: root for root in after.values() for user in root["used_by"]}
    for root, state in before.items():
        present = after.get(root) or next((by_user[user] for user in state["used_by"] if user in by_user), None)
        if present is None:
            yield Difference(area="code", what=f"{root}: the work tree", was=state["commit"], now=None)
            continue
        for field, words in (("commit", "commit"), ("patch_digest", "uncommitted changes")):
            if state[field] != present[field]:
                yield Difference(area="code", what=f"{root}: {words}", was=state[field], now=present[field])
        yield from _untracked(root, state)


def _untracked(root: str, state: Mapping[str, Any]) -> Iterator[Difference]:
    from ymltrain.storage import file_digest

    for file in state["untracked"]:
        path = Path(root) / file["path"]
        present = file_digest(path) if path.is_file() else None
        if present != file["digest"]:
            yield Difference(area="code", what=f"{root}: {file['path']}", was=file["digest"], now=present)


def _packages(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    before, after = was.get("lock") or was.get("packages", {}), now["lock"]
    if was["python"]["version"] != now["python"]["version"]:
        yield Difference(area="packages", what="python", was=was["python"]["version"], now=now["python"]["version"])
    for name in sorted(before.keys() | after.keys()):
        old, new = _as_locked(before.get(name)), _as_locked(after.get(name))
        for field in ("version", "record"):
            if old.get(field) != new.get(field) and (field == "version" or (field in old and field in new)):
                words = name if field == "version" else f"{name}: installed files"
                yield Difference(area="packages", what=words, was=old.get(field), now=new.get(field), matters=field == "version")
                break


def _as_locked(package: Any) -> Mapping[str, Any]:
    return {} if package is None else {"version": package} if isinstance(package, str) else package


def _hardware(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for field in MACHINE_FIELDS:
        old, new = was["machine"].get(field), now["machine"].get(field)
        if old != new and old is not None:
            if isinstance(old, list):
                old, new = sorted(set(old) - set(new or [])), sorted(set(new or []) - set(old))
            yield Difference(area="hardware", what=field, was=old, now=new)


def _settings(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    before, after = was.get("environment", {}), now["environment"]
    for name in THREAD_VARIABLES:
        if before.get(name) != after.get(name):
            yield Difference(area="settings", what=name, was=before.get(name), now=after.get(name))


def _data(run: RunDirectory, plan: Plan, workspace: Path, catalog: Catalog) -> Iterator[Difference]:
    evidence = read_evidence(run)
    if evidence is None:
        return
    try:
        source = catalog.build(plan.node("datasource"), os.environ, lambda params: absolute_paths(params, workspace))
        now = source.fingerprint()
    except YmltrainError as error:
        yield Difference(area="data", what="the data", was=evidence.data, now=f"cannot be read: {error.message}")
        return
    if now != evidence.data:
        yield Difference(area="data", what="digest of the data", was=evidence.data, now=now)
