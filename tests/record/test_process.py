from __future__ import annotations

import os
import signal

import msgspec

from ymltrain.record.process import ProcessIdentity

TELL = """
import sys, msgspec
from ymltrain.record.process import ProcessIdentity
print(msgspec.json.encode(ProcessIdentity.current()).decode(), flush=True)
sys.stdin.readline()
"""


def test_this_process_is_alive():
    """A process sees itself."""
    me = ProcessIdentity.current()
    assert me.pid == os.getpid()
    assert me.is_alive() is True


def test_another_process_while_it_lives_and_after_it_was_killed(start_python):
    """A process is alive until it is killed, and dead before anyone has waited for it."""
    process = start_python(TELL)
    identity = msgspec.json.decode(process.stdout.readline(), type=ProcessIdentity)
    assert identity.is_alive() is True
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identity.is_alive() is False


def test_a_later_process_of_the_same_number_is_another():
    """The number alone does not make a process the same: its start and the boot count too."""
    me = ProcessIdentity.current()
    assert msgspec.structs.replace(me, start_ticks=1).is_alive() is False
    assert msgspec.structs.replace(me, boot_id="another").is_alive() is False


def test_without_a_start_time_the_number_must_do():
    """Where the system tells no start time, a living number counts as the process."""
    me = msgspec.structs.replace(ProcessIdentity.current(), start_ticks=None)
    assert me.is_alive() is True
    assert msgspec.structs.replace(me, pid=2**22 + 1).is_alive() is False


def test_of_another_host_nothing_can_be_told():
    """A process of another host is neither alive nor dead from here."""
    assert msgspec.structs.replace(ProcessIdentity.current(), host="another").is_alive() is None
