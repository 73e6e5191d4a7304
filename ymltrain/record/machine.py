"""The machine a run was started on, as far as it can be told without torch."""

from __future__ import annotations

import os
import platform
import re
import socket
from pathlib import Path
from typing import Any


def describe_machine() -> dict[str, Any]:
    """Host, system, processor with its flags, memory in bytes, and the NVIDIA driver where there is one."""
    cpuinfo = _read("/proc/cpuinfo")
    return {
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu": _field(cpuinfo, "model name|Model"),
        "cpu_flags": sorted((_field(cpuinfo, "flags|Features") or "").split()),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": _memory(),
        "gpu_driver": _field(_read("/proc/driver/nvidia/version"), "NVRM version"),
    }


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _field(text: str, name: str) -> str | None:
    match = re.search(rf"^(?:{name})\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else None


def _read(path: str) -> str:
    """A pseudo file's text; nothing where the system has none."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
