"""Stopping: signals only set a flag, which training reads between two optimizer steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopSignal:
    """Whether training was asked to stop, and by which signal.

    The second SIGINT raises KeyboardInterrupt at once: someone who presses Ctrl-C twice will not wait.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.is_out_of_time = False
        self._is_interrupted = False

    @property
    def is_requested(self) -> bool:
        """Whether to save the state and leave at the next boundary."""
        return self.signal is not None or self.is_out_of_time

    def request(self, signum: int, frame: FrameType | None = None) -> None:
        """Ask for a stop; this is a signal handler."""
        del frame
        if signum == signal.SIGINT:
            if self._is_interrupted:
                raise KeyboardInterrupt
            self._is_interrupted = True
        self.signal = self.signal or signal.Signals(signum)

    def run_out_of_time(self) -> None:
        """Ask for a stop because the time is over."""
        self.is_out_of_time = True


@contextmanager
def stop_on_signals(limit: float | None = None) -> Iterator[StopSignal]:
    """Let SIGTERM, SIGUSR1, SIGINT and the end of `limit` seconds ask for a stop inside the block; call it in the main thread."""
    stop = StopSignal()
    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    clock = threading.Timer(limit, stop.run_out_of_time) if limit is not None else None
    if clock is not None:
        clock.daemon = True
        clock.start()
    before = {signum: signal.signal(signum, stop.request) for signum in handled}
    try:
        yield stop
    finally:
        if clock is not None:
            clock.cancel()
        for signum, handler in before.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
