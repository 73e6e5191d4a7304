"""docs/reference/diagnostics.md: every code of the source, explained in docs/diagnostics.toml.

An explanation has `says` (its title), `means`, `remedy` and an example. The example is made by the program itself where
that is quick: `adds` are lines for the smallest recipe, `recipe` is a whole one, `command` a command line, `files` what
else lies in the folder, `environment` what is set. Where it would take a training run, `shows` is the message, and it must
fit a text of a module that uses the code.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from docsbuild.codes import CodeUse
from ymltrain.cli.main import run

Explanations: TypeAlias = Mapping[str, Mapping[str, Any]]

HOME = "/home/you"
ROWS = "carat,cut,clarity,day,price\n" + "".join(
    f"{0.2 + 0.1 * number:.1f},{('Fair', 'Good', 'Ideal')[number % 3]},{('SI1', 'VS2')[number % 2]},d{number},{300 + 40 * number}\n"
    for number in range(40)
)
SMALLEST = {
    "recipe": "recipe: 1",
    "name": "name: price",
    "datasource": "datasource: rows.csv",
    "target": "target: price",
    "model": "model: mlp",
}
GROUPS = {
    "1": "Reading and syntax",
    "2": "Layers and overrides",
    "3": "References",
    "4": "The shape of a recipe",
    "5": "Plugins and their params",
    "6": "Rules across a recipe",
    "7": "Data",
    "8": "Usage, plans and files",
    "9": "Runs, bundles, records and the registry",
}
INTRODUCTION = """# Diagnostics and errors

Every message carries a stable code. A diagnostic speaks of a recipe and stands at its line; all of them are reported at once,
and one mistake gets one of them. An error ends a command. With `--json` both come as JSON.

The examples are what the program prints (in a folder `/home/you`), but for those that only a run in progress can bring about:
of these the message is shown.

"""


def diagnostics_page(explanations: Explanations, examples: Mapping[str, str]) -> str:
    """The page."""
    text = INTRODUCTION
    for digit, title in GROUPS.items():
        codes = [code for code in sorted(explanations) if code[2] == digit]
        text += f"- [YT{digit}xx: {title}](#yt{digit}xx-{title.lower().replace(' ', '-').replace(',', '')}): "
        text += ", ".join(f"[{code[2:]}](#{code.lower()})" for code in codes) + "\n"
    for digit, title in GROUPS.items():
        text += f"\n## YT{digit}xx: {title}\n"
        for code, explained in sorted(explanations.items()):
            if code[2] == digit:
                text += f"\n### {code}\n\n**{explained['says']}.** {_flow(explained['means'])}\n\n"
                text += f"```text\n{examples[code]}```\n\nRemedy: {_flow(explained['remedy'])}\n"
    return text


def read_explanations(path: Path) -> dict[str, dict[str, Any]]:
    """The hand-written explanations by code."""
    return tomllib.loads(path.read_text())


def show_examples(explanations: Explanations) -> dict[str, str]:
    """Code → what a person sees."""
    return {code: example(code, explained) for code, explained in explanations.items()}


def problems(explanations: Explanations, examples: Mapping[str, str], used: Mapping[str, CodeUse]) -> Iterator[str]:
    """Codes without an explanation, explanations without a code, examples that do not show their code or a real message."""
    yield from (f"{code} of {', '.join(used[code].modules)} has no explanation" for code in used.keys() - explanations.keys())
    for code, explained in explanations.items():
        if code not in used:
            yield f"{code} is explained, and nothing uses it"
            continue
        if f"[{code}]" not in examples[code]:
            yield f"the example of {code} does not show it: {examples[code]}"
        if "shows" in explained and not any(text.search(explained["shows"]) for text in used[code].texts):
            yield f"the example of {code} is no message of {', '.join(used[code].modules)}"


def example(code: str, explained: Mapping[str, Any]) -> str:
    """What a person sees."""
    if "shows" in explained:
        return f"error[{code}] {explained['shows'].strip()}\n"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "rows.csv").write_text(ROWS)
        for path, content in explained.get("files", {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        (folder / "price.yaml").write_text(_recipe(explained))
        words = explained.get("command", ["check", "price.yaml"])
        shown = _printed(words, folder, explained.get("environment", {}))
    prompt = f"$ ymltrain {' '.join(words)}\n" if "command" in explained else ""
    return prompt + shown


def _recipe(explained: Mapping[str, Any]) -> str:
    """The recipe of an example: the whole one it gives, or the smallest one with lines added or replaced."""
    if "recipe" in explained:
        return str(explained["recipe"])
    added = str(explained.get("adds", ""))
    lines = [line for key, line in SMALLEST.items() if f"\n{key}:" not in f"\n{added}"]
    return "\n".join([*lines, added])


def _printed(words: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints for a person, without the line that only counts."""
    printed = io.StringIO()
    before = dict(os.environ)
    try:
        os.environ.update(environment)
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            run(list(words))
    finally:
        os.environ.clear()
        os.environ.update(before)
    lines = printed.getvalue().replace(str(folder), HOME).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines if line != "1 mistake in the recipe")


def _flow(text: str) -> str:
    return " ".join(text.split())
