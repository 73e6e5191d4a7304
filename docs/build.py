"""Write the generated reference from the code, and check that it is current and that all links lead somewhere.

python docs/build.py            write docs/reference/
python docs/build.py --check    exit 1 when a page is not current or a relative link is dead
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ymltrain.catalog.catalog import Catalog, LoadedPlugin
from ymltrain.cli.main import VERBS, group
from ymltrain.kinds import KINDS
from ymltrain.kinds.violations import expected_words
from ymltrain.recipe.envelope import envelope_schema

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CODE = re.compile(r"YT[0-9]{3}")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
GENERATED = "<!-- written by docs/build.py -->\n\n"


def recipe_page() -> str:
    """Every key of the recipe language."""
    schema = envelope_schema()
    page = "# The recipe\n\nThe long form, as the compiler sees it. A word stands for `{type: word}` wherever a plugin or a column type is chosen.\n"
    page += "\n| key | takes | default | |\n| --- | --- | --- | --- |\n"
    for path, takes, default, text in _rows(schema, schema, ""):
        page += f"| `{path}` | {takes} | {default} | {text} |\n"
    return page


def _rows(schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    for name, written in schema.get("properties", {}).items():
        if name == "type" and path in ("", "registry", "tuner"):
            continue
        below = _followed(written, root)
        key = f"{path}.{name}" if path else name
        is_node = written.get("$ref") == "#/$defs/Node"
        takes = "a plugin" if is_node else expected_words(below)
        default = (
            "required" if name in schema.get("required", ()) else f"`{json.dumps(below['default'])}`" if "default" in below else ""
        )
        yield (
            key,
            takes.replace("|", "\\|"),
            default,
            str(written.get("description") or below.get("description", "")).replace("\n", " "),
        )
        if is_node:
            if below.get("properties", {}).keys() - {"type"}:
                yield from _rows({**below, **written}, root, key)
            continue
        for branch in [below, *(_followed(one, root) for one in below.get("anyOf", ()))]:
            yield from _rows(branch, root, key)
            if isinstance(branch.get("additionalProperties"), dict):
                yield from _rows(_followed(branch["additionalProperties"], root), root, f"{key}.COLUMN")


def _followed(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference names."""
    if "$ref" not in schema:
        return schema
    return {**root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], **{key: value for key, value in schema.items() if key != "$ref"}}


def plugins_page() -> str:
    """Each built-in plugin with its params and written rules."""
    catalog = Catalog.installed().only("ymltrain")
    page = "# Built-in plugins\n"
    for kind in KINDS.values():
        names = catalog.names(kind.name)
        if names:
            page += f"\n## {kind.name}: {kind.summary}\n"
        for name in names:
            page += _plugin(catalog.load(kind.name, name))
    return page


def _plugin(plugin: LoadedPlugin) -> str:
    module = import_module(plugin.entry.source.entry.split(":")[0])
    text = f"\n### {plugin.entry.kind} `{plugin.entry.name}`\n\n{(module.__doc__ or '').strip()}\n"
    schema = plugin.schema()
    if schema.get("properties"):
        text += "\n| param | takes | default | |\n| --- | --- | --- | --- |\n"
    for name, param in schema.get("properties", {}).items():
        default = "required" if name in schema.get("required", ()) else f"`{json.dumps(param.get('default'))}`"
        description = param.get("description") or next(
            (one["description"] for one in param.get("anyOf", ()) if "description" in one), ""
        )
        text += f"| `{name}` | {expected_words(param)} | {default} | {description} |\n"
    return text


def cli_page() -> str:
    """The help of every verb."""
    page = "# The command line\n\n```text\n" + _help(group, "ymltrain") + "```\n"
    for verb, (module, _) in VERBS.items():
        command = import_module(module).command
        page += f"\n## {verb}\n\n```text\n{_help(command, f'ymltrain {verb}')}```\n"
        for name, below in getattr(command, "commands", {}).items():
            page += f"\n### {verb} {name}\n\n```text\n{_help(below, f'ymltrain {verb} {name}')}```\n"
    return page


def _help(command: click.Command, name: str) -> str:
    with click.Context(command, info_name=name, max_content_width=110, terminal_width=110) as context:
        return "\n".join(line.rstrip() for line in command.get_help(context).splitlines()) + "\n"


def diagnostics_page() -> str:
    """Every code of the source, with the messages it comes with."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "ymltrain").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                for code, message in _coded(call):
                    found.setdefault(code, [])
                    if message and message not in found[code]:
                        found[code].append(message)
    page = "# Diagnostics and errors\n\nCodes are stable. `…` stands for what the message fills in.\n\n"
    page += "YT1xx reading and syntax, YT2xx layers and overrides, YT3xx references, YT4xx the shape of a recipe, YT5xx plugins,\n"
    page += "YT6xx rules across a recipe, YT7xx data, YT8xx usage and plans, YT9xx runs, bundles and the registry.\n"
    page += "\n| code | says |\n| --- | --- |\n"
    for code, messages in sorted(found.items()):
        page += f"| {code} | {'<br>'.join(messages).replace('|', chr(92) + '|') or 'see the message'} |\n"
    return page


def _coded(call: ast.Call) -> Iterator[tuple[str, str]]:
    """A call that names a code: the code, and the text beside it."""
    for position, argument in enumerate(call.args[:-1]):
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and CODE.fullmatch(argument.value):
            yield argument.value, _text(call.args[position + 1])


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(parts).strip().replace("\n", " ")
    return ""


PAGES = {
    "reference/recipe.md": recipe_page,
    "reference/plugins.md": plugins_page,
    "reference/cli.md": cli_page,
    "reference/diagnostics.md": diagnostics_page,
}


def dead_links() -> Iterator[str]:
    """Relative links of our pages that lead nowhere."""
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in LINK.findall(page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: {target}"


def main() -> int:
    """Write or check."""
    pages = {DOCS / name: GENERATED + make() for name, make in PAGES.items()}
    if "--check" not in sys.argv:
        for path, content in pages.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return 0
    stale = [str(path.relative_to(ROOT)) for path, content in pages.items() if not path.is_file() or path.read_text() != content]
    dead = list(dead_links())
    for path in stale:
        print(f"{path} is not current: run `make docs`")
    for link in dead:
        print(f"dead link in {link}")
    print(f"{len(pages)} pages checked")
    return 1 if stale or dead else 0


if __name__ == "__main__":
    sys.exit(main())
