"""Checkpoints: the whole state of a run, on disk completely or not at all; any strategy and world size can take them.

`checkpoints/<epoch>-<step>/` holds

    weights.safetensors, best.safetensors, optimizer.safetensors   or `weights-<rank>.safetensors` … where ranks hold parts
    rank-<rank>.pt     what each rank has for itself: its random generators, its share of the loss in the making
    training.pt        what all ranks have alike: the optimizer's settings and counters, the gradient scaler
    loop.json          the loop's state, and the circumstances bit-equal results depend on
    manifest.json      the digest of each, written last

The .pt files are tensors and plain values, read with `weights_only`. A folder is written under a temporary name by all
ranks at once, flushed, and then renamed by the first one.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError

from ymltrain.data.ranks import ALONE, Ranks
from ymltrain.diagnostics import RunError
from ymltrain.run.pieces import Assembly, Pieces, files_of
from ymltrain.run.state import LoopState
from ymltrain.storage import file_digest
from ymltrain.storage.atomic import TEMPORARY_PREFIX

FORMAT = 2
MANIFEST = "manifest.json"
POLL_SECONDS = 0.005

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """All that a run needs to go on as if it had never stopped, as far as this rank holds it.

    `training` is alike on all ranks, `own` is this rank's.
    """

    state: LoopState
    weights: Pieces
    best_weights: Pieces | None
    optimizer: Pieces
    training: dict[str, Any]
    own: dict[str, Any]
    circumstances: dict[str, Any]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a complete checkpoint holds: the digest of each file; and how many ranks wrote it."""

    format: int
    plan: str
    world: int
    files: dict[str, str]


@dataclass(frozen=True)
class Stored:
    """A complete checkpoint; what is large is read when it is asked for."""

    path: Path
    manifest: Manifest
    state: LoopState
    circumstances: dict[str, Any]

    def tensors(self, what: str) -> Assembly | None:
        """The `weights`, the `best` ones or those of the `optimizer`; None when it holds none."""
        names = files_of(list(self.manifest.files), what)
        return Assembly(self.path / name for name in names) if names else None

    @property
    def training(self) -> dict[str, Any]:
        """What all ranks have alike."""
        return _load(self.path / "training.pt")

    @property
    def pending(self) -> float:
        """The loss in the making, of all ranks together."""
        return sum(float((self.own(rank) or {}).get("pending", 0.0)) for rank in range(self.manifest.world))

    def own(self, rank: int) -> dict[str, Any] | None:
        """What a rank of this number had for itself; None when there was none."""
        name = f"rank-{rank}.pt"
        return _load(self.path / name) if name in self.manifest.files else None


@dataclass
class Checkpoints:
    """The checkpoints of one run: the newest `keep` of them stay.

    `plans` are the digests of the plans that the run goes by: of the present one first. `token` tells the saves of this
    attempt from those of one that was killed; all ranks have the same.
    """

    folder: Path
    keep: int
    plans: tuple[str, ...]
    ranks: Ranks = ALONE
    token: str = field(default_factory=lambda: str(os.getpid()))
    _best_files: tuple[int, dict[str, Path]] | None = None

    @property
    def newest_path(self) -> Path | None:
        """Where the newest complete checkpoint lies, judged by its manifest's presence alone."""
        return next((path for path in self._newest_first() if (path / MANIFEST).is_file()), None)

    def save(self, snapshot: Snapshot) -> Path:
        """Write this rank's part; the first rank waits for all parts, completes the checkpoint and drops old ones.

        Raises RunError; nothing complete is lost.
        """
        position = snapshot.state.position
        path = self.folder / f"{position.epoch}-{position.step}"
        staged = self.folder / f"{TEMPORARY_PREFIX}{path.name}-{self.token}"
        try:
            staged.mkdir(parents=True, exist_ok=True)
            digests = self._write(staged, snapshot)
            if not self.ranks.is_first:
                self._hand_in(staged, digests)
                return path
            digests |= self._collect(staged)
            self._complete(staged, digests)
            if path.exists():  # an incomplete one, found when the run was resumed
                shutil.rmtree(path)
            staged.rename(path)
            _flush(self.folder)
        except (OSError, SafetensorError, RuntimeError) as error:  # torch reports a failed write as a RuntimeError
            shutil.rmtree(staged, ignore_errors=True)
            raise self._save_error(position.step, error) from error
        self._prune(path)
        return path

    def newest(self) -> Stored | None:
        """The newest complete checkpoint; incomplete and damaged ones are passed over with a warning. Not collective.

        Raises RunError when it belongs to another plan.
        """
        for leftover in self.folder.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for path in self._newest_first():
            try:
                return self._open(path, is_checked=True)
            except (OSError, ValueError, KeyError, SafetensorError, RuntimeError, msgspec.ValidationError) as error:
                _log.warning("checkpoint %s is damaged and is passed over: %s", path, str(error).partition("\n")[0])
        return None

    def agree_on_newest(self) -> Stored | None:
        """The newest complete checkpoint, found and checked by the first rank. Collective."""
        found = self.newest() if self.ranks.is_first else None
        name, self.token = self.ranks.from_first((found.path.name if found else None, self.token))
        if name is None or found is not None:
            return found
        return self._open(self.folder / name, is_checked=False)

    def _open(self, path: Path, *, is_checked: bool) -> Stored:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
        if manifest.format != FORMAT:
            raise ValueError(f"it is of format {manifest.format}, this ymltrain reads {FORMAT}")
        if manifest.plan not in self.plans:
            raise RunError(
                "YT904",
                f"checkpoint {path} was made by another plan",
                "resume with the plan the run was started with, or start a new run",
            )
        for name, digest in manifest.files.items() if is_checked else ():
            if file_digest(path / name) != digest:
                raise ValueError(f"{name} has changed since it was written")
        loop = json.loads((path / "loop.json").read_text(encoding="utf-8"))
        state = msgspec.convert(loop["state"], LoopState)
        stored = Stored(path, manifest, state, loop["circumstances"])
        best = files_of(list(manifest.files), "best")
        if state.best is not None and best:
            self._best_files = (state.best.step, {name: path / name for name in best})
        return stored

    def _write(self, folder: Path, snapshot: Snapshot) -> dict[str, str]:
        """Write what is this rank's to write: the digest of each file."""
        names = []
        for what, pieces in (("weights", snapshot.weights), ("best", snapshot.best_weights), ("optimizer", snapshot.optimizer)):
            if pieces is None or not (pieces.is_partial or self.ranks.is_first):
                continue
            names.append(f"{what}-{self.ranks.rank}.safetensors" if pieces.is_partial else f"{what}.safetensors")
            if what != "best" or not self._link_best(folder, names[-1], snapshot.state):
                pieces.save(folder / names[-1])
        names.append(f"rank-{self.ranks.rank}.pt")
        _dump(snapshot.own, folder / names[-1])
        if self.ranks.is_first:
            names += ["training.pt", "loop.json"]
            _dump(snapshot.training, folder / "training.pt")
            loop = {"state": msgspec.to_builtins(snapshot.state), "circumstances": snapshot.circumstances}
            (folder / "loop.json").write_text(json.dumps(loop, indent=2) + "\n", encoding="utf-8")
        for name in names:
            _flush(folder / name)
        if snapshot.state.best is not None and snapshot.best_weights is not None:
            final = self.folder / f"{snapshot.state.position.epoch}-{snapshot.state.position.step}"
            self._best_files = (snapshot.state.best.step, {name: final / name for name in names if name.startswith("best")})
        return {name: file_digest(folder / name) for name in names}

    def _link_best(self, folder: Path, name: str, state: LoopState) -> bool:
        """Whether the last checkpoint's file of the best weights could stand in, so that unchanged ones cost no space."""
        if state.best is None or self._best_files is None or self._best_files[0] != state.best.step:
            return False
        try:
            os.link(self._best_files[1][name], folder / name)
        except (OSError, KeyError):  # a file system without hard links, or the file is gone
            return False
        return True

    def _hand_in(self, staged: Path, digests: dict[str, str]) -> None:
        """Tell the first rank that this one's files lie there."""
        unfinished = staged / f".part-{self.ranks.rank}"
        unfinished.write_bytes(msgspec.json.encode(digests))
        unfinished.rename(staged / f"part-{self.ranks.rank}")

    def _collect(self, staged: Path) -> dict[str, str]:
        """Wait for the other ranks' files; a rank that never comes ends the wait by ending this process."""
        digests: dict[str, str] = {}
        for rank in range(1, self.ranks.world):
            part = staged / f"part-{rank}"
            while not part.exists():
                time.sleep(POLL_SECONDS)
            digests |= msgspec.json.decode(part.read_bytes(), type=dict[str, str])
            part.unlink()
        return digests

    def _complete(self, staged: Path, digests: dict[str, str]) -> None:
        manifest = Manifest(format=FORMAT, plan=self.plans[0], world=self.ranks.world, files=dict(sorted(digests.items())))
        (staged / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        _flush(staged / MANIFEST)
        _flush(staged)

    def _newest_first(self) -> Iterator[Path]:
        positions = {}
        for path in self.folder.glob("*-*"):
            epoch, _, step = path.name.partition("-")
            if epoch.isdecimal() and step.isdecimal():
                positions[path] = (int(step), int(epoch))
        return iter(sorted(positions, key=positions.__getitem__, reverse=True))

    def _prune(self, written: Path) -> None:
        """Drop what is too old, and damaged ones that lie ahead of where the run was resumed."""
        paths = list(self._newest_first())
        newest = paths.index(written)
        for path in paths[:newest] + paths[newest + self.keep :]:
            shutil.rmtree(path, ignore_errors=True)

    def _save_error(self, step: int, error: Exception) -> RunError:
        saved = self.newest_path
        reason = str(error).partition("\n")[0]
        return RunError(
            "YT903",
            f"the state at step {step} could not be saved: {reason}; "
            + (f"the newest complete checkpoint is {saved}" if saved else "no checkpoint was saved before"),
            "make room or give write permission, then resume the run"
            if saved
            else "make room or give write permission, then `ymltrain fit --resume` begins it again",
        )


def _dump(values: dict[str, Any], path: Path) -> None:
    with path.open("wb") as file:
        torch.save(values, file)


def _load(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = torch.load(path, weights_only=True)
    return values


def _flush(path: Path) -> None:
    """Make a file's content, or the names in a folder, outlive a power cut (Windows has no such call for folders)."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
