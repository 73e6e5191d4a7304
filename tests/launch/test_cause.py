"""The rank that is named is the one whose fault it was."""

import signal
from types import SimpleNamespace

import pytest

from ymltrain.diagnostics import DataError
from ymltrain.launch.cause import error_of
from ymltrain.launch.messages import Failed


def ended(exitcode, timestamp):
    """How a process ended."""
    return SimpleNamespace(pid=100 + timestamp, exitcode=exitcode, timestamp=timestamp)


def told(rank, message, kind="", code=""):
    """What a rank said of itself before it ended."""
    return Failed(rank=rank, kind=kind, code=code, message=message, hint="")


@pytest.mark.parametrize(
    ("said", "hung", "processes", "code", "words"),
    [
        ([], "", {0: ended(1, 1), 1: ended(-signal.SIGKILL, 2)}, "YT980", "rank 1 (process 102) was killed by SIGKILL"),
        ([], "", {0: ended(-signal.SIGTERM, 5)}, "YT980", "rank 0 (process 105) was killed by SIGTERM"),
        ([told(1, "no memory")], "", {0: ended(-signal.SIGTERM, 1), 1: ended(1, 2)}, "YT982", "rank 1 failed: no memory"),
        ([told(1, "first"), told(0, "lost rank 1")], "", {0: ended(1, 1), 1: ended(1, 2)}, "YT982", "rank 1 failed: first"),
        ([], "", {0: ended(3, 2), 1: ended(4, 1)}, "YT982", "rank 1 failed: it ended with exit code 4"),
        ([told(0, "?")], "rank 1 hangs", {1: ended(-signal.SIGKILL, 1)}, "YT981", "rank 1 hangs"),
        ([told(1, "a NaN", "DataError", "YT723")], "rank 0 hangs", {0: ended(-9, 1)}, "YT723", "a NaN"),
    ],
)
def test_one_rank_is_to_blame(said, hung, processes, code, words):
    """A kill comes before an exit, an error before a death, and whom torch elastic stopped is innocent."""
    error = error_of({failed.rank: failed for failed in said}, hung, processes, "hint")
    assert (error.code, error.message) == (code, words)


def test_an_error_keeps_its_class():
    """The exit code of the process follows from it."""
    assert isinstance(error_of({1: told(1, "bad row", "DataError", "YT723")}, "", {1: ended(1, 1)}, ""), DataError)
