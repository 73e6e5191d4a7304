"""The answer to a shell that asks what could stand here: candidates, a line each, and never an error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click
from click.shell_completion import CompletionItem, _resolve_context, _resolve_incomplete, split_arg_string

ASKED = "_YMLTRAIN_COMPLETE"
_QUOTED_START = re.compile(r"""^(?:[^'"\\\s]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|\s)*?(?P<quote>['"])(?:[^'"]*)$""")
_SPECIAL = re.compile(r"""([\s'"\\$`&|;<>(){}\[\]*?!#~])""")


def answer(group: click.Group, words: Sequence[str]) -> int:
    """Print the candidates for the last word; whatever goes wrong, there are none."""
    shell = os.environ.pop(ASKED)
    try:
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            lines = _for_bash(group) if shell == "bash" else _described(group, words)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
    except (Exception, SystemExit):  # noqa: BLE001 - a shell that completes is no place for an error
        return 0
    return 0


def _for_bash(group: click.Group) -> list[str]:
    """For the line before the cursor; without the part of the word that bash takes for words of their own."""
    line = os.environ.pop("_YMLTRAIN_LINE", "")
    breaks = set(os.environ.pop("_YMLTRAIN_BREAKS", "")) & set("=:@")
    words = split_arg_string(line)
    if not line or line[-1].isspace():
        words.append("")
    incomplete = words[-1]
    found = [item.value for item in complete(group, words[1:])]
    if _QUOTED_START.match(line):
        return found
    words_end = [incomplete.rfind(sign) + 1 for sign in breaks - {"@"}]
    host = incomplete.rfind("@") if "@" in breaks else -1  # a name of a host has its @, so that word begins with it
    kept = max(0, host, *words_end)
    return [_SPECIAL.sub(r"\\\1", value[kept:]) for value in found]


def _described(group: click.Group, words: Sequence[str]) -> list[str]:
    items = complete(group, list(words) or [""])
    return [item.value + (f"\t{_line(item.help)}" if item.help else "") for item in items]


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 80 else words[:79] + "…"


def complete(group: click.Group, words: list[str]) -> list[CompletionItem]:
    """What could be the last of these words, those before it being done."""
    from ymltrain.cli.completion.candidates import WORDS, candidates_for

    *done, incomplete = words
    context = _resolve_context(group, {}, "ymltrain", done)
    asked, incomplete = _resolve_incomplete(context, done, incomplete)
    context.meta[WORDS] = done
    if isinstance(asked, click.Parameter):
        found = candidates_for(context, asked, incomplete)
        if found is not None:
            return [item for item in found if item.value.startswith(incomplete)]
    return asked.shell_complete(context, incomplete)
