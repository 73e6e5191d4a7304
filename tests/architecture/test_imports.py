"""Which module may import what."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ymltrain

ROOT = Path(__file__).parents[2]
PACKAGE = Path(ymltrain.__file__).parent

HEAVY = ("torch", "lightning", "pytorch_lightning", "torchmetrics", "polars", "numpy", "pandas", "scipy", "tensorboard", "hyperopt")

LIGHT = (
    "ymltrain.api",
    "ymltrain.authoring",
    "ymltrain.catalog",
    "ymltrain.compiler",
    "ymltrain.diagnostics",
    "ymltrain.kinds",
    "ymltrain.plan",
    "ymltrain.recipe",
    "ymltrain.record",
    "ymltrain.storage",
)
"""What `--help`, `check`, `explain`, `schema` and `plugins` load: these modules, and all below those that are packages."""

TELL_HEAVY = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
print(sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""


def heavy_imports_of(modules: list[str]) -> str:
    """Which heavy libraries are loaded once a fresh interpreter has imported these modules."""
    command = [sys.executable, "-c", TELL_HEAVY, ",".join(HEAVY), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


def modules_below(name: str) -> list[str]:
    """A module and, where it is a package, all modules below it."""
    spec = importlib.util.find_spec(name)
    below = pkgutil.walk_packages(spec.submodule_search_locations or [], f"{name}.")
    return [name, *(module.name for module in below)]


def imported_modules(file: Path, package: str) -> Iterator[str]:
    """Every module a file imports anywhere in it, by its absolute name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield importlib.util.resolve_name("." * node.level + (node.module or ""), package)


def files_of(*folders: str) -> list[Path]:
    """All Python files of the package's folders, without their __init__.py."""
    return sorted(file for folder in folders for file in (PACKAGE / folder).rglob("*.py") if file.name != "__init__.py")


def test_imports_go_downward_only():
    """The layers of pyproject.toml hold, for every module."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_loads_is_light(name):
    """Importing the compiler and all it stands on loads no numerical library and nothing of training."""
    assert heavy_imports_of(modules_below(name)) == "[]"


def test_checking_a_recipe_loads_no_numerical_library_but_its_reader():
    """`check` looks at the data with polars, which is slow enough; what only training needs stays out, whatever it calls."""
    program = (
        "import runpy, sys\n"
        "sys.argv = ['ymltrain', 'check', 'recipes/diamonds.yaml']\n"
        "try:\n    runpy.run_module('ymltrain', run_name='__main__')\n"
        f"except SystemExit as ended:\n    print(ended.code or 0, sorted({set(HEAVY)!r} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["0 ['polars']"], done.stdout + done.stderr


@pytest.mark.parametrize("file", files_of("builtin"), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_builtin_plugin_sees_what_a_stranger_sees(file):
    """A built-in imports of ymltrain only the API for plugins, and modules beside it."""
    package = ".".join(("ymltrain", *file.parent.relative_to(PACKAGE).parts))
    ours = {name for name in imported_modules(file, package) if name.partition(".")[0] == "ymltrain"}
    assert {name for name in ours if name != "ymltrain.api" and not name.startswith(f"{package}.")} == set()


@pytest.mark.parametrize("file", files_of("testing"), ids=lambda file: file.name)
def test_a_conformance_kit_sees_what_a_stranger_sees(file):
    """A kit that ships for plugin authors imports of ymltrain only the API for plugins, and other kits."""
    ours = {name for name in imported_modules(file, "ymltrain.testing") if name.partition(".")[0] == "ymltrain"}
    assert {name for name in ours if name != "ymltrain.api" and not name.startswith("ymltrain.testing.")} == set()


@pytest.mark.parametrize("file", sorted((ROOT / "plugins").glob("*/src/**/*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_distribution_of_its_own_imports_only_what_is_public(file):
    """What stands in plugins/ imports of ymltrain only what any author may: the API, the kits, and the front door's `load`."""
    imported = imported_modules(file, file.parent.name)
    ours = {".".join(name.split(".")[:2]) for name in imported if name.partition(".")[0] == "ymltrain"}
    assert ours <= {"ymltrain", "ymltrain.api", "ymltrain.testing"}
