"""Templates: for each kind one file with a plugin that does something real and simple, and the tests on its kit.

They are Python with `$name`, `$Class`, `$package` and the like in them; `shared/` has what all kinds have.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from ymltrain.authoring.names import Names
from ymltrain.diagnostics import UsageError
from ymltrain.kinds import KINDS

FOLDER = Path(__file__).parent
KITS = FOLDER.parents[1] / "testing"
SUFFIX = ".txt"
"""Of a template's file, so that it is taken for text rather than for code."""


def kinds_with_templates() -> list[str]:
    """The kinds of which a plugin can be begun: those that have a template, and a kit to test it with."""
    return [kind for kind in KINDS if (FOLDER / kind).is_dir() and (KITS / f"{kind}.py").is_file()]


def render(names: Names, *, lowest: str, api: int) -> dict[str, str]:
    """Path below the distribution's folder → text, with these names. Raises UsageError where the kind has no template."""
    kind = names.kind
    if kind not in kinds_with_templates():
        have = ", ".join(kinds_with_templates())
        raise UsageError("YT864", f"there is no template of a {kind}", f"there is one of: {have}")
    words = {
        "kind": kind,
        "name": names.name,
        "Class": names.class_name,
        "Params": names.params_name,
        "both": ", ".join(sorted((names.class_name, names.params_name))),
        "package": names.package,
        "distribution": names.distribution,
        "lowest": lowest,
        "api": str(api),
        "needs": "".join(f'  "{need}",\n' for need in _text(kind, "needs").splitlines()),
    }
    words["does"] = Template(_text(kind, "does").strip()).substitute(words)
    words["use"] = Template(_text(kind, "use").strip()).substitute(words)
    files = {
        "pyproject.toml": _text("shared", "pyproject.toml"),
        "README.md": _text("shared", "README.md"),
        f"src/{names.package}/__init__.py": _text("shared", "init.py"),
        f"src/{names.package}/py.typed": "",
        f"src/{names.package}/plugin.py": _text(kind, "plugin.py"),
        "tests/test_conformance.py": _text(kind, "tests.py"),
        "tests/test_installed.py": _text("shared", "installed.py"),
    }
    return {path: Template(text).substitute(words) for path, text in files.items()}


def _text(folder: str, name: str) -> str:
    return (FOLDER / folder / (name + SUFFIX)).read_text(encoding="utf-8")
