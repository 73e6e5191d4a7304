"""The small run that these tests train, and a way to run it as a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

SCRIPT = Path(__file__).with_name("driver.py")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose by sharing their work out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def driver() -> ModuleType:
    """The script `driver.py` as a module."""
    spec = importlib.util.spec_from_file_location("ymltrain_test_driver", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start_process() -> Callable[..., subprocess.Popen[bytes]]:
    """Start `driver.py` in a folder, with what its JSON file may say."""

    def start(folder: Path, **spec: Any) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        file = folder / "spec.json"
        file.write_text(json.dumps({"folder": str(folder), **spec}))
        environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
        return subprocess.Popen([sys.executable, "-W", "error", str(SCRIPT), str(file)], env=environment)

    return start
