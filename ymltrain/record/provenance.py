"""Where a run comes from: program, machine, code and libraries, as they were when it was made.

What belongs to the recipe stands in the Plan, what is learned later (data, device, digests) in final.json and the
bundle. Nothing here imports torch.
"""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ymltrain import __version__
from ymltrain.record.redaction import Redactor
from ymltrain.record.source_code import git_state

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

INSTALLED = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")


def gather_provenance(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """All of it, as plain JSON. `command` is the command line, `folder` one in the work tree that holds the recipe."""
    packages = installed_packages()
    return {
        "command": Redactor(environment).redact_command(command),
        "ymltrain": __version__,
        "torch": packages.get("torch"),
        "lightning": packages.get("lightning"),
        "python": {"version": platform.python_version(), "implementation": sys.implementation.name, "executable": sys.executable},
        "machine": {
            "host": socket.gethostname(),
            "platform": platform.platform(),
            "cpu": _cpu_model(),
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        },
        "environment": {name: environment[name] for name in THREAD_VARIABLES if name in environment},
        "git": msgspec.to_builtins(git_state(folder)),
        "packages": packages,
    }


def installed_packages() -> dict[str, str]:
    """Version by normalised name of every distribution on `sys.path`, the first of a name as Python would find it.

    Read from the folders' names, which the wheel format fixes as `<name>-<version>.dist-info`: opening the metadata
    of each takes fifty times as long.
    """
    packages: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = [path.name for path in Path(folder).iterdir()]
        except OSError:
            continue
        for match in filter(None, map(INSTALLED.fullmatch, names)):
            packages.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return dict(sorted(packages.items()))


def _cpu_model() -> str | None:
    """As /proc/cpuinfo calls the first processor; None where there is no such file."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return None
    match = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else None
