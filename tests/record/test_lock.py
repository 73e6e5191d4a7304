from __future__ import annotations

import signal

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.record.lock import is_locked, locked

HOLD = """
import sys
from pathlib import Path
from ymltrain.record.directory import RunDirectory
from ymltrain.record.lock import locked
with locked(RunDirectory.open(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.readline()
"""

CONTEND = """
import os, sys
from pathlib import Path
from ymltrain.diagnostics import UsageError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.lock import locked
run = RunDirectory.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
held = 0
while held < 20:
    try:
        with locked(run):
            os.close(os.open(run.path / "inside", os.O_CREAT | os.O_EXCL))
            os.unlink(run.path / "inside")
            held += 1
    except UsageError:
        continue
print(held)
"""


@pytest.fixture
def holder(run, start_python):
    """Another process that holds the run."""
    process = start_python(HOLD, run.path)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_run_is_free_until_it_is_held(run):
    """The lock tells before, within and after the block."""
    assert is_locked(run) is False
    with locked(run):
        assert is_locked(run) is True
    assert is_locked(run) is False


def test_two_processes_never_run_the_same_run(run, holder):
    """While one process holds a run, another is refused and told where to look."""
    assert is_locked(run) is True
    with pytest.raises(UsageError, match="is being run by another process") as caught, locked(run):
        pass
    assert str(run.attempts) in caught.value.hint


def test_a_killed_holder_lets_go(run, holder):
    """`kill -9` of the holder frees the run, with nothing to clean up."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert is_locked(run) is False
    with locked(run):
        assert is_locked(run) is True


def test_an_error_within_the_block_lets_go(run):
    """An exception frees the run on its way out."""
    with pytest.raises(ZeroDivisionError), locked(run):
        _ = 1 / 0
    assert is_locked(run) is False


def test_no_two_hold_it_at_once_under_contention(run, start_python):
    """Two processes that take the lock again and again never meet inside, though a third keeps asking who holds it."""
    processes = [start_python(CONTEND, run.path) for _ in range(2)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    while any(process.poll() is None for process in processes):
        is_locked(run)
    for process in processes:
        output, errors = process.communicate()
        assert output == "20\n", errors
