"""The wheel works outside the repository."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def call(*command, cwd):
    """Run a command away from the repository; its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel alone, which sees the dependencies installed here; its `ymltrain` command."""
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    packages = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # a path added this way is searched, but the links of editable installs in it are not followed
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    call(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "-q", wheel, cwd=folder)
    return folder / "bin" / "ymltrain"


def test_schemas_and_types_are_in_the_wheel(wheel):
    """Editors and type checkers find what they need in an installed ymltrain."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"ymltrain/schemas/recipe.schema.json", "ymltrain/py.typed", "ymltrain/testing/model.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "recipes/", "plugins/"))]


def test_the_installed_wheel_checks_and_fits(installed, tmp_path):
    """From another folder, with nothing of the repository but the data."""
    (tmp_path / "data.csv").write_bytes((ROOT / "recipes" / "data" / "penguins.csv").read_bytes())
    (tmp_path / "recipe.yaml").write_text(
        "recipe: 1\nname: tiny\ndatasource: data.csv\ntarget: species\nmodel: linear\ntrainer: {max_epochs: 1}\n"
    )
    where = call(installed.with_name("python"), "-c", "import ymltrain; print(ymltrain.__file__)", cwd=tmp_path)
    assert str(ROOT) not in where
    assert json.loads(call(installed, "check", "recipe.yaml", "--json", cwd=tmp_path)) == {"ok": True, "diagnostics": []}
    result = json.loads(call(installed, "fit", "recipe.yaml", "--json", cwd=tmp_path))
    assert result["status"] == "done"
    assert Path(result["run_dir"]).is_relative_to(tmp_path)
