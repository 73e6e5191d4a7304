"""Checkpoints: the whole state of a run, on disk completely or not at all.

`checkpoints/<epoch>-<step>/` holds weights.safetensors, best.safetensors (when the best weights are kept),
training.pt (optimizer, random generators; tensors and plain values, read with `weights_only`), loop.json, and last
manifest.json with the digest of each. A folder is written under a temporary name, flushed, and then renamed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ymltrain.diagnostics import RunError
from ymltrain.run.state import LoopState
from ymltrain.storage import file_digest
from ymltrain.storage.atomic import TEMPORARY_PREFIX

FORMAT = 1
MANIFEST = "manifest.json"
BEST = "best.safetensors"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """All that a run needs to go on as if it had never stopped.

    `training` holds what is neither weights nor loop: optimizer, generators, gradient scaler.
    """

    state: LoopState
    weights: dict[str, Tensor]
    best_weights: dict[str, Tensor] | None
    training: dict[str, Any]
    circumstances: dict[str, Any]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a complete checkpoint holds: the digest of each file."""

    format: int
    plan: str
    files: dict[str, str]


class Checkpoints:
    """The checkpoints of one run: one writer, the newest `keep` of them stay."""

    def __init__(self, folder: Path, keep: int, plan_digest: str) -> None:
        self._folder = folder
        self._keep = keep
        self._plan_digest = plan_digest
        self._best_file: tuple[int, Path] | None = None

    @property
    def newest_path(self) -> Path | None:
        """Where the newest complete checkpoint lies, judged by its manifest's presence alone."""
        return next((path for path in self._newest_first() if (path / MANIFEST).is_file()), None)

    def save(self, snapshot: Snapshot) -> Path:
        """Write a checkpoint, then drop those that are too old. Raises RunError; nothing complete is lost."""
        position = snapshot.state.position
        path = self._folder / f"{position.epoch}-{position.step}"
        staged = self._folder / f"{TEMPORARY_PREFIX}{path.name}-{os.getpid()}"
        try:
            staged.mkdir(parents=True)
            self._write(staged, snapshot)
            if path.exists():  # an incomplete one, found when the run was resumed
                shutil.rmtree(path)
            staged.rename(path)
            _flush(self._folder)
        except (OSError, SafetensorError, RuntimeError) as error:  # torch reports a failed write as a RuntimeError
            shutil.rmtree(staged, ignore_errors=True)
            raise self._save_error(position.step, error) from error
        if snapshot.state.best is not None and snapshot.best_weights is not None:
            self._best_file = (snapshot.state.best.step, path / BEST)
        self._prune(path)
        return path

    def newest(self) -> tuple[Path, Snapshot] | None:
        """The newest complete checkpoint; incomplete and damaged ones are passed over with a warning.

        Raises RunError when it belongs to another plan.
        """
        for leftover in self._folder.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for path in self._newest_first():
            try:
                snapshot = self._read(path)
            except (OSError, ValueError, KeyError, SafetensorError, RuntimeError, msgspec.ValidationError) as error:
                _log.warning("checkpoint %s is damaged and is passed over: %s", path, str(error).partition("\n")[0])
                continue
            if snapshot.state.best is not None and snapshot.best_weights is not None:
                self._best_file = (snapshot.state.best.step, path / BEST)
            return path, snapshot
        return None

    def _write(self, folder: Path, snapshot: Snapshot) -> None:
        save_file(snapshot.weights, folder / "weights.safetensors")
        if snapshot.best_weights is not None and snapshot.state.best is not None:
            self._write_best(folder, snapshot.best_weights, snapshot.state.best.step)
        with (folder / "training.pt").open("wb") as file:
            torch.save(snapshot.training, file)
        loop = {"state": msgspec.to_builtins(snapshot.state), "circumstances": snapshot.circumstances}
        (folder / "loop.json").write_text(json.dumps(loop, indent=2) + "\n", encoding="utf-8")
        files = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
        for name in files:
            _flush(folder / name)
        manifest = Manifest(format=FORMAT, plan=self._plan_digest, files=files)
        (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        _flush(folder / MANIFEST)
        _flush(folder)

    def _write_best(self, folder: Path, weights: dict[str, Tensor], step: int) -> None:
        """The best weights: the last checkpoint's own file when they are still the same, so that they cost no space."""
        if self._best_file is not None and self._best_file[0] == step:
            try:
                os.link(self._best_file[1], folder / BEST)
            except OSError:  # a file system without hard links, or the file is gone
                pass
            else:
                return
        save_file(weights, folder / BEST)

    def _read(self, path: Path) -> Snapshot:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
        if manifest.format != FORMAT:
            raise ValueError(f"it is of format {manifest.format}, this ymltrain reads {FORMAT}")
        if manifest.plan != self._plan_digest:
            raise RunError(
                "YT904",
                f"checkpoint {path} was made by another plan",
                "resume with the plan the run was started with, or start a new run",
            )
        for name, digest in manifest.files.items():
            if file_digest(path / name) != digest:
                raise ValueError(f"{name} has changed since it was written")
        loop = json.loads((path / "loop.json").read_text(encoding="utf-8"))
        return Snapshot(
            state=msgspec.convert(loop["state"], LoopState),
            weights=load_file(path / "weights.safetensors"),
            best_weights=load_file(path / BEST) if BEST in manifest.files else None,
            training=torch.load(path / "training.pt", weights_only=True),
            circumstances=loop["circumstances"],
        )

    def _newest_first(self) -> Iterator[Path]:
        positions = {}
        for path in self._folder.glob("*-*"):
            epoch, _, step = path.name.partition("-")
            if epoch.isdecimal() and step.isdecimal():
                positions[path] = (int(step), int(epoch))
        return iter(sorted(positions, key=positions.__getitem__, reverse=True))

    def _prune(self, written: Path) -> None:
        """Drop what is too old, and damaged ones that lie ahead of where the run was resumed."""
        paths = list(self._newest_first())
        newest = paths.index(written)
        for path in paths[:newest] + paths[newest + self._keep :]:
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


def _flush(path: Path) -> None:
    """Make a file's content, or the names in a folder, outlive a power cut (Windows has no such call for folders)."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
