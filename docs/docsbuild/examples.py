"""Console examples that are marked as tested, run again.

A comment above a fence marks it:

    <!-- file: NAME -->      the block is the content of a file, written before what follows it runs
    <!-- tested -->          the block's `$` commands are run, and print what it says
    <!-- tested slow -->     likewise, and it trains: left out of a quick run, with all that comes after it on the page
    <!-- tested, exits 2 --> likewise, and the last command ends with that code

The examples of a page run in one temporary folder that has a copy of recipes/, in the order of the page. In what is
printed, `…` stands for anything within a line and, alone on a line, for any lines. Run ids, digests, times and,
in a slow example, all numbers may differ.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^<!-- (?P<mark>file: \S+|tested[^>]*) -->\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HOME = "/home/you"
PASSING = (
    (re.compile(r"sha256:[0-9a-f]{8,64}"), "DIGEST"),
    (re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b"), "RUN"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?"), "TIME"),
)
VARYING = (
    (re.compile(r"(\d+ h )?(\d+ min )?\d+(\.\d+)? s\b"), "DURATION"),
    (re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?"), "N"),
    (re.compile(r"\*(?= step)"), " "),  # which epochs are the best so far
)
"""What may differ in an example that trains, between machines and from run to run."""


@dataclass(frozen=True)
class Block:
    """A marked block of a page."""

    mark: str
    text: str

    @property
    def is_slow(self) -> bool:
        """Whether it trains."""
        return "slow" in self.mark.split()

    @property
    def exit_code(self) -> int:
        """What the last command ends with."""
        found = re.search(r"exits (\d+)", self.mark)
        return int(found[1]) if found else 0

    @property
    def file(self) -> str | None:
        """The file whose content it is."""
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None


def read_blocks(page: Path) -> list[Block]:
    """The marked blocks of a page, in order."""
    return [Block(found["mark"], found["text"]) for found in BLOCK.finditer(page.read_text())]


def failed_examples(page: Path, recipes: Path, *, with_slow: bool) -> Iterator[str]:
    """What is wrong with the examples of a page: each as the command, what it should print and what it prints."""
    blocks = read_blocks(page)
    if not any(block.file is None for block in blocks):
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shutil.copytree(recipes, folder / "recipes")
        for block in blocks:
            if block.file is not None:
                (folder / block.file).write_text(block.text)
            elif block.is_slow and not with_slow:
                return
            else:
                yield from _failures(block, folder)


def _failures(block: Block, folder: Path) -> Iterator[str]:
    commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    for number, command in enumerate(commands, 1):
        line, _, expected = command.partition("\n")
        wanted_code = block.exit_code if number == len(commands) else 0
        code, printed = _run(line, folder)
        if code != wanted_code:
            yield f"$ {line}\nexits {code}, not {wanted_code}:\n{printed}"
        elif not _matches(printed, expected, is_slow=block.is_slow):
            yield f"$ {line}\nshould print\n{expected}and prints\n{printed}"


def _run(line: str, folder: Path) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(  # noqa: S603 - the commands of our own documentation
        ["/bin/bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )
    return done.returncode, done.stdout.replace(str(folder), HOME)


def _matches(printed: str, expected: str, *, is_slow: bool) -> bool:
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == "…" else _line_pattern(line, is_slow=is_slow) for line in _lines(expected, is_slow=is_slow)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed, is_slow=is_slow))) is not None


def _line_pattern(line: str, *, is_slow: bool) -> str:
    """A line as a pattern; columns may be wider where numbers differ."""
    text = ".*".join(re.escape(part) for part in line.split("…"))
    return (re.sub(r"(\\ )+", r"\\s+", text) if is_slow else text) + r"\s*\n"


def _lines(text: str, *, is_slow: bool) -> list[str]:
    for pattern, name in (*PASSING, *(VARYING if is_slow else ())):
        text = pattern.sub(name, text)
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines
