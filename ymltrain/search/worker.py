"""A worker: imports once, encodes the data once, then trains one trial after another.

It reads messages on standard input and answers on standard output; whatever else is printed goes to standard error. When
the search that started it is gone, its input ends, and so does it.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from ymltrain.search.messages import FromWorker, Judged, Ready, Setup, ToWorker, Train, Verdict
from ymltrain.search.placement import read_message

if TYPE_CHECKING:
    from ymltrain.search.training import TrialTrainer


class Pipe:
    """The two ends of the pipe to the search."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._messages: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: FromWorker) -> None:
        """Tell the search something."""
        try:
            self._outgoing.write(msgspec.json.encode(message) + b"\n")
            self._outgoing.flush()
        except BrokenPipeError:
            os._exit(0)

    def receive(self) -> ToWorker:
        """The next message, waited for."""
        return self._messages.get()

    def verdict(self) -> Verdict:
        """The answer to an epoch that was reported."""
        message = self.receive()
        assert isinstance(message, Judged), message
        return message.verdict

    def _listen(self) -> None:
        """Also while a trial trains: a worker does not outlive its search."""
        try:
            while True:
                self._messages.put(read_message(self._incoming))
        except EOFError:
            os._exit(0)


def main() -> None:
    """Serve one search until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Pipe(sys.stdin.buffer, _claim_output())
    setup = pipe.receive()
    assert isinstance(setup, Setup), setup
    started = time.perf_counter()
    trainer = _trainer(setup)
    pipe.send(Ready(seconds=round(time.perf_counter() - started, 3)))
    trained = 0
    while True:
        message = pipe.receive()
        assert isinstance(message, Train), message
        trainer.train(message, pipe)
        gc.collect()
        trained += 1
        if trained == 1:  # what one trial leaves behind stays: later collections look at their own trials' objects alone
            gc.freeze()


def _trainer(setup: Setup) -> TrialTrainer:
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.run.startup import import_training
    from ymltrain.search.training import TrialTrainer

    import_training()
    import torch

    torch.set_num_threads(setup.threads)
    return TrialTrainer(Path(setup.workspace), Catalog.installed([Path(path) for path in setup.plugins]), os.environ)


def _claim_output() -> IO[bytes]:
    """Standard output for messages alone: what others print is sent to standard error."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


if __name__ == "__main__":
    main()
