"""The socket between a run's main process and its workers: `Listening` is the main process's end, `Line` a worker's.

A worker whose main process is gone ends itself at once: two generations of workers must never write to one run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from ymltrain.launch.messages import Hello, Message, Settle, Settled, Stop, decode, encode

ORPHANED = 70


class Listening:
    """Takes the workers' connections and hands each message to `hear`, one at a time; `settle` ends when all is recorded."""

    def __init__(self, address: Path, hear: Callable[[Message], None], settle: Callable[[], None] = lambda: None) -> None:
        self._hear = hear
        self._settle = settle
        self._lock = threading.Lock()
        self._connections: list[Connection] = []
        self._readers: list[threading.Thread] = []
        self._listener = Listener(str(address), family="AF_UNIX", backlog=64)
        self._is_stopping = False
        self._fault: BaseException | None = None  # the main process's own, and for its main thread to raise
        threading.Thread(target=self._accept, name="workers", daemon=True).start()

    def ask_to_stop(self) -> None:
        """Ask all workers, those that come later included, to stop at the next step."""
        with self._lock:
            self._is_stopping = True
            for connection in self._connections:
                _send(connection, Stop())

    def raise_fault(self) -> None:
        """Raise what went wrong while a message was heard, if anything has."""
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Hear what was sent before, then hear nothing more."""
        self._listener.close()
        for reader in self._readers:
            reader.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError):
                return
            reader = threading.Thread(target=self._read, args=(connection,), name="worker", daemon=True)
            with self._lock:
                self._connections.append(connection)
                self._readers.append(reader)
                if self._is_stopping:
                    _send(connection, Stop())
            reader.start()

    def _read(self, connection: Connection) -> None:
        while self._fault is None:
            try:
                message = decode(connection.recv_bytes())
            except (OSError, EOFError):
                break
            with self._lock:
                try:
                    self._answer(connection, message)
                except BaseException as error:  # noqa: BLE001 - a full disk, a tracker, a terminal that is gone
                    self._fault = error
        with self._lock:
            self._connections.remove(connection)

    def _answer(self, connection: Connection, message: Message) -> None:
        if isinstance(message, Settle):
            self._settle()
            _send(connection, Settled())
        else:
            self._hear(message)


class Line:
    """A worker's end: sends from any thread, and calls `stop` when the main process asks for it."""

    def __init__(self, address: Path, rank: int, stop: Callable[[], None]) -> None:
        self._connection = Client(str(address), family="AF_UNIX")
        self._lock = threading.Lock()
        self._stop = stop
        self._settled = threading.Event()
        self.send(Hello(rank=rank, pid=os.getpid()))
        threading.Thread(target=self._read, name="main process", daemon=True).start()

    def send(self, message: Message) -> None:
        """Tell the main process."""
        with self._lock:
            _send(self._connection, message)

    def settle(self) -> None:
        """Wait until the main process has recorded all that was sent. For one thread at a time."""
        self._settled.clear()
        self.send(Settle())
        self._settled.wait()

    def _read(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                message = decode(self._connection.recv_bytes())
                if isinstance(message, Stop):
                    self._stop()
                elif isinstance(message, Settled):
                    self._settled.set()
        os._exit(ORPHANED)


def _send(connection: Connection, message: Message) -> None:
    with suppress(OSError):  # the other end is gone: its own end of the line will tell
        connection.send_bytes(encode(message))
