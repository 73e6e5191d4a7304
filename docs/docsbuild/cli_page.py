"""docs/reference/cli.md: the help of every verb, as the program prints it."""

from __future__ import annotations

from importlib import import_module

import click

from ymltrain.cli.main import VERBS, group

INTRODUCTION = """# The command line

`ymltrain` and `python -m ymltrain` are the same. Results go to standard output, everything else for people to standard error;
with `--json`, standard output holds exactly one JSON document, also on failure.

Exit codes: 0 done, 1 the run or the reading failed, 2 a mistake in the recipe or the usage, 75 preempted and resumable,
130 interrupted and resumable.

"""


def cli_page() -> str:
    """The page."""
    page = INTRODUCTION + _help(group, "ymltrain")
    for verb, (module, _) in VERBS.items():
        command = import_module(module).command
        page += f"\n## {verb}\n\n" + _help(command, f"ymltrain {verb}")
        for name, below in getattr(command, "commands", {}).items():
            page += f"\n### {verb} {name}\n\n" + _help(below, f"ymltrain {verb} {name}")
    return page


def _help(command: click.Command, name: str) -> str:
    with click.Context(command, info_name=name, max_content_width=110, terminal_width=110) as context:
        lines = [line.rstrip() for line in command.get_help(context).splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"
