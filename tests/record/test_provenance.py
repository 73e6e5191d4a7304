from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys

import ymltrain
from ymltrain.record.packages import installed_packages
from ymltrain.record.provenance import gather_provenance


def test_all_of_it_is_json_and_holds_no_secret(tmp_path):
    """Command, program, machine, environment, code and packages are told; secrets of the command line are not."""
    environment = {"OMP_NUM_THREADS": "2", "WANDB_API_KEY": "abcdefghij", "PATH": "/bin"}
    command = ["ymltrain", "fit", "r.yaml", "tracker.token=abcdefghij", "--password", "hunter2"]
    told = gather_provenance(command, environment, tmp_path).document
    text = json.dumps(told)
    assert "abcdefghij" not in text
    assert "hunter2" not in text
    assert told["command"] == ["ymltrain", "fit", "r.yaml", "tracker.token=***", "--password", "***"]
    assert told["ymltrain"] == ymltrain.__version__
    assert told["torch"] == importlib.metadata.version("torch")
    assert told["lightning"] == importlib.metadata.version("lightning")
    assert told["python"]["version"] == sys.version.split()[0]
    assert told["environment"] == {"OMP_NUM_THREADS": "2", "PATH": "/bin", "WANDB_API_KEY": "***"}
    assert told["machine"]["cpus"] >= 1
    assert set(told) >= {"git", "packages", "machine", "lock", "repositories"}


def test_the_packages_are_those_python_finds():
    """Names and versions are those of the standard library's far slower reading."""
    expected = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version
        for found in reversed(list(importlib.metadata.distributions()))
    }
    assert installed_packages() == expected


def test_the_first_of_two_versions_counts(tmp_path, monkeypatch):
    """Where a package is installed twice, the one Python would import is told; odd folders are passed over."""
    for folder in ("a/My.Pkg-1.0.dist-info", "b/my_pkg-2.0.dist-info", "b/nonsense.dist-info", "b/other-1-2.dist-info"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "gone")])
    assert installed_packages() == {"my-pkg": "1.0", "other-1": "2"}


def test_it_imports_no_torch(tmp_path):
    """Provenance is gathered before training starts, without importing torch, lightning or numpy."""
    program = (
        "import sys; from pathlib import Path; from ymltrain.record.provenance import gather_provenance;"
        "gather_provenance(sys.argv, {}, Path(sys.argv[1]));"
        "print([name for name in ('torch', 'lightning', 'numpy', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
