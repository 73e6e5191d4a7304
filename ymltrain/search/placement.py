"""Where trials run: the contract through which a search reaches its workers, and worker processes on this machine.

A placement needs to know nothing of a study. It starts workers, hands them messages and delivers theirs; a worker that is
gone is a message too. Whatever else can do this, can place trials: on a cluster, in a job.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeAlias

import msgspec

from ymltrain.diagnostics import InternalError
from ymltrain.search.messages import FromWorker, Lost, Setup, ToWorker

Deliver: TypeAlias = Callable[[int, FromWorker], None]
"""Takes a worker's number and a message of it; called from any thread."""


class Worker(Protocol):
    """A worker that was started."""

    def send(self, message: ToWorker) -> None:
        """Hand it a message; one that is gone is found out by its `Lost`."""
        ...

    def kill(self) -> None:
        """End it at once, whatever it does, and wait until it is gone."""
        ...


class Placement(Protocol):
    """Starts workers."""

    def start(self, number: int, setup: Setup, deliver: Deliver) -> Worker: ...


@dataclass(frozen=True)
class LocalPlacement:
    """Worker processes on this machine; `logs` is where each one's output goes."""

    logs: Path
    environment: Mapping[str, str]

    def start(self, number: int, setup: Setup, deliver: Deliver) -> Worker:
        """A process of its own session, so that Ctrl-C reaches the search alone."""
        self.logs.mkdir(parents=True, exist_ok=True)
        threads = str(setup.threads)
        environment = {**self.environment, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "POLARS_MAX_THREADS": threads}
        with (self.logs / f"{number}.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "ymltrain.search.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        worker = LocalWorker(process, number, deliver)
        worker.send(setup)
        return worker


class LocalWorker:
    """A worker process and the thread that listens to it."""

    def __init__(self, process: subprocess.Popen[bytes], number: int, deliver: Deliver) -> None:
        self._process = process
        self._number = number
        self._deliver = deliver
        self._listener = threading.Thread(target=self._listen, name=f"worker {number}", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def send(self, message: ToWorker) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it is gone, and its Lost is on the way
            self._process.stdin.write(msgspec.json.encode(message) + b"\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=5)
        assert self._process.stdin is not None
        with suppress(OSError):  # what was still to be written goes nowhere
            self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        decoder = msgspec.json.Decoder(FromWorker)
        with self._process.stdout as lines:
            for line in lines:
                self._deliver(self._number, decoder.decode(line))
        self._deliver(self._number, Lost(reason=_ending(self._process.wait())))


def _ending(code: int) -> str:
    if code < 0:
        return f"its worker was killed by signal {-code}"
    return f"its worker ended with exit code {code}"


def threads_of_each(parallel: int, environment: Mapping[str, str]) -> int:
    """How many threads each of some workers takes: what the user set, else its share of the cores that this process may use."""
    written = environment.get("OMP_NUM_THREADS", "")
    if written.isdecimal() and int(written):
        return int(written)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // parallel)


def read_message(stream: IO[bytes]) -> ToWorker:
    """The next message to a worker. Raises EOFError when the search is gone."""
    line = stream.readline()
    if not line:
        raise EOFError
    try:
        message: ToWorker = msgspec.json.decode(line, type=ToWorker)
    except msgspec.DecodeError as error:
        raise InternalError("YT949", f"a worker was sent what is no message: {error}", "please report this") from None
    return message
