"""Rows under columns on a real terminal of a given width, and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

PROGRAM = "from ymltrain.report.columns import draw_rows; draw_rows({columns}, {rows}, yielding={yielding})"
COLUMNS = ["run", "metrics", "model"]
ROWS = [["01M8B6AQVF", "test/loss 0.01024  test/accuracy 1.000", ("🦜-model@1", "green")], ["01M8B69K9P", "–", "b"]]


@pytest.fixture
def on_terminal():
    """What a terminal of so many columns shows, line by line, without its colours, and whether there were any."""

    def show(width, columns=COLUMNS, rows=ROWS, yielding=()):
        watching, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        program = PROGRAM.format(columns=columns, rows=rows, yielding=yielding)
        environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        subprocess.run([sys.executable, "-c", program], stdout=terminal, check=True, env={**environment, "TERM": "xterm"})
        os.close(terminal)
        with os.fdopen(watching, "rb") as stream:
            shown = stream.read1(65_536).decode()
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
        return plain.split("\r\n")[:-1], plain != shown

    return show


def test_what_fits_is_one_line_a_row(on_terminal):
    """On a wide terminal nothing is cut, and cells stand under their columns whatever their letters take."""
    lines, has_colours = on_terminal(100)
    assert [line.rstrip() for line in lines] == [
        "run         metrics                                 model",
        "01M8B6AQVF  test/loss 0.01024  test/accuracy 1.000  🦜-model@1",
        "01M8B69K9P  –                                       b",
    ]
    assert has_colours


def test_a_yielding_column_is_cut(on_terminal):
    """On a narrow one the column that may be cut is, and all else is whole."""
    lines, _ = on_terminal(50, yielding=(1,))
    assert [line.split()[0] for line in lines] == ["run", "01M8B6AQVF", "01M8B69K9P"]
    assert "test/loss 0.01024" in lines[1]
    assert "…" in lines[1]
    assert lines[1].endswith("🦜-model@1")


def test_what_cannot_be_cut_follows_in_blocks(on_terminal):
    """Where nothing may be cut, the columns that do not fit come below, each block with the first column."""
    lines, _ = on_terminal(52)
    assert lines[3] == ""
    assert [line.split()[0] for line in lines if line] == ["run", "01M8B6AQVF", "01M8B69K9P"] * 2
    assert lines[5] == "01M8B6AQVF  🦜-model@1"


def test_a_pipe_gets_whole_lines():
    """In a pipe a row is one line however long, without colours."""
    program = PROGRAM.format(columns=["a", "b"], rows=[["x" * 500, ("y", "red")]], yielding=(0,))
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed == f"a{' ' * 499}  b\n{'x' * 500}  y\n"
