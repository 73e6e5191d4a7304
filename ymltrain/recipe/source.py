"""Pass 1: read a recipe file."""

from __future__ import annotations

from pathlib import Path

from ymltrain.diagnostics import Diagnostic, Diagnostics, Source, Span

MAX_BYTES = 1 << 20


def read_recipe(path: Path, diagnostics: Diagnostics, asked_by: Span | None = None) -> Source | None:
    """The text of a recipe file, or None after saying why it cannot be had.

    `asked_by` is where the file is named, when another recipe extends it.
    """
    name = _shown_name(path)
    problem = _problem_with(path)
    if problem:
        message, hint = problem
        diagnostics.add(Diagnostic("YT101", f"{name}: {message}", hint, asked_by))
        return None
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        diagnostics.add(Diagnostic("YT101", f"{name}: cannot be read: {error.strerror}", "check its permissions", asked_by))
        return None
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        span = Span(Source(name, content.decode(errors="replace"), str(path.parent)), line, column, line, column + 1)
        diagnostics.add(Diagnostic("YT102", "the file is not UTF-8", "save it as UTF-8", span))
        return None
    return Source(name, text, str(path.parent))


def _problem_with(path: Path) -> tuple[str, str] | None:
    if path.is_dir():
        return "is a folder, not a recipe", "name the YAML file in it"
    if not path.exists():
        near = sorted(str(_shown_name(other)) for other in path.parent.glob("*.yaml"))[:3] if path.parent.is_dir() else []
        return "there is no such file", f"recipes beside it: {', '.join(near)}" if near else "check the path"
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES >> 20} MiB", "a recipe names data; it does not hold them"
    return None


def _shown_name(path: Path) -> str:
    """The path as a person near it would write it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
