"""Where a run comes from: program, machine, code, libraries and settings, as they were when it was made.

What belongs to the recipe stands in the Plan; what is learned later (data, device, digests) in evidence.json and
final.json. Nothing here imports torch.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain import __version__
from ymltrain.record.machine import describe_machine
from ymltrain.record.packages import InstalledPackage, editable_folders, package_lock
from ymltrain.record.redaction import HIDDEN, Redactor
from ymltrain.record.repositories import Repository, imported_files, keep_code

THREAD_VARIABLES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "KMP_AFFINITY",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "PYTHONHASHSEED",
    "VECLIB_MAXIMUM_THREADS",
)
"""The environment variables that can change the last bits of a result."""

TOLD_PREFIXES = (
    *("CONDA_", "CUBLAS_", "CUDA_", "CUDNN_", "GLOO_", "GOMP_", "KMP_", "LC_", "LIGHTNING_", "MASTER_", "MKL_", "NCCL_", "NVIDIA_"),
    *("OMP_", "OPENBLAS_", "POLARS_", "PYTHON", "PYTORCH_", "SLURM_JOB_", "TORCH", "VIRTUAL_ENV", "XLA_", "YMLTRAIN_"),
)
TOLD_NAMES = frozenset(
    {*THREAD_VARIABLES, "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH", "RANK", "TZ", "USER", "WORLD_SIZE"}
)


@dataclass(frozen=True)
class Provenance:
    """provenance.json as plain JSON, and the files of code that stand beside it, by path in the run's directory."""

    document: dict[str, Any]
    files: dict[str, bytes]


def gather_provenance(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, files: Sequence[Path] = ()
) -> Provenance:
    """All of it. `command` is the command line, `folder` one in the work tree that holds the recipe.

    `files` are recipe and plugin files that the run reads; those that git does not have are kept, as are modules that
    were imported from a work tree.
    """
    redactor = Redactor(environment)
    lock = package_lock(redactor)
    folders = {"recipe": folder, **{f"package {name}": path for name, path in editable_folders(lock) if path.is_dir()}}
    repositories, kept = keep_code(folders, [*files, *imported_files()], redactor)
    versions = {name: package.version for name, package in lock.items()}
    document = {
        "command": redactor.redact_command(command),
        "folder": redactor.redact(str(folder)),
        "ymltrain": __version__,
        "torch": versions.get("torch"),
        "lightning": versions.get("lightning"),
        "python": {"version": platform.python_version(), "implementation": sys.implementation.name, "executable": sys.executable},
        "machine": describe_machine(),
        "environment": told_environment(environment, redactor),
        "git": _git(repositories),
        "repositories": msgspec.to_builtins(repositories),
        "packages": versions,
        "lock": msgspec.to_builtins({name: _without_nothing(package) for name, package in lock.items()}),
    }
    return Provenance(document, kept)


def told_environment(environment: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    """Every variable's name; the value of those that can matter for a result and are no secret, `***` for all others."""
    told = {
        name: redactor.redact_variable(name, value) if name in TOLD_NAMES or name.startswith(TOLD_PREFIXES) else HIDDEN
        for name, value in environment.items()
    }
    return {redactor.redact(name): told[name] for name in sorted(told)}


def _git(repositories: Sequence[Repository]) -> dict[str, Any] | None:
    """The work tree of the folder that the run was started in, in short."""
    here = next((found for found in repositories if "recipe" in found.used_by), None)
    return None if here is None else {"commit": here.commit, "branch": here.branch, "is_dirty": here.is_dirty}


def _without_nothing(package: InstalledPackage) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(package)
    return {name: value for name, value in fields.items() if value is not None}
