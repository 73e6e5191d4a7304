"""Writers of one machine take turns, and nobody waits for one who is stopped."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ymltrain.builtin.registry import turns
from ymltrain.builtin.registry.turns import turn

HOLDER = """\
import sys, time
from ymltrain.builtin.registry.turns import turn
with turn(sys.argv[1]):
    print("mine", flush=True)
    time.sleep(60)
"""


def hold(folder):
    """A process that has the turn."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "mine\n"
    return process


def test_one_at_a_time(tmp_path, monkeypatch):
    """Of several writers."""
    monkeypatch.setattr(turns, "LONGEST_WAIT", 60.0)
    inside, most = [], []

    def work():
        for _ in range(20):
            with turn(str(tmp_path)):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    writers = [threading.Thread(target=work) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(most), max(most)) == (80, 1)


def test_a_commit_takes_its_turn(registry, bundle, root):
    """While another has it, a version waits to be committed; its files are stored before."""
    registry.register(bundle(b"one"), model="m")
    process = hold(str(root / "models/m/log"))
    try:
        started = time.monotonic()
        registry.register(bundle(b"two"), model="m")
        assert time.monotonic() - started >= turns.LONGEST_WAIT
    finally:
        process.kill()
        process.communicate()


def test_one_who_is_stopped_is_passed(tmp_path):
    """And one who is killed holds nobody up at all."""
    process = hold(str(tmp_path))
    try:
        os.kill(process.pid, signal.SIGSTOP)
        started = time.monotonic()
        with turn(str(tmp_path)):
            assert time.monotonic() - started >= turns.LONGEST_WAIT
    finally:
        process.kill()
        process.communicate()
    with turn(str(tmp_path)), turn(str(tmp_path / "there is none")):
        pass


def test_a_turn_ends_with_an_error(tmp_path, monkeypatch):
    """Whatever happens in it."""
    monkeypatch.setattr(turns, "LONGEST_WAIT", float("inf"))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turn(str(tmp_path)):
            _ = 1 // 0
