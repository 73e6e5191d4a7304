"""Running two commands in turn and comparing them: medians, and the ratio pair by pair.

Machines are noisy, so both sides run in one session, in turn (A B A B …), and what is reported is the median of the
pairs' ratios.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def mlflow_python() -> str:
    """The interpreter of an environment that has MLflow, the same as the tests of its tracker make."""
    environment = ROOT / ".cache" / "mlflow"
    python = environment / "bin" / "python"
    if not (environment / "bin" / "gunicorn").exists() and not (environment / "bin" / "uvicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "mlflow<3.18"], check=True)
    return str(python)


def compile_sources() -> None:
    """Compile our modules ahead, as pip does when it installs a wheel: a checkout is otherwise compiled at each start."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "ymltrain")], check=True)


def run(command: Sequence[str], cwd: Path = ROOT) -> tuple[float, str]:
    """Wall seconds of a whole process, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(list(command), cwd=cwd, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def pairs(ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    """Both sides in turn, after one warm-up of each."""
    ours(), peer()
    return [(ours(), peer()) for _ in range(rounds)]


def report(name: str, measured: Sequence[tuple[float, float]], bound: float, unit: str = "s", **more: Any) -> float:
    """Print medians and the median ratio beside its bound; one JSON line for programs comes last."""
    ratio = statistics.median(a / b for a, b in measured)
    ours, peer = statistics.median(a for a, _ in measured), statistics.median(b for _, b in measured)
    verdict = "within" if ratio <= bound else "ABOVE"
    print(f"{name}: ours {ours:.4g} {unit}, peer {peer:.4g} {unit}, ratio {ratio:.3f} ({verdict} {bound})")
    print(json.dumps({"benchmark": name, "ours": ours, "peer": peer, "ratio": ratio, "bound": bound, **more}))
    return ratio
