"""Why workers failed: one error, of the rank that was first and had a reason of its own."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Protocol

from ymltrain.diagnostics import RunError, YmltrainError
from ymltrain.diagnostics import errors as error_tree
from ymltrain.launch.messages import Failed


class Ended(Protocol):
    """How a worker's process ended, as torch elastic tells it: a negative exit code is the signal that killed it."""

    @property
    def pid(self) -> int: ...
    @property
    def exitcode(self) -> int: ...
    @property
    def timestamp(self) -> int: ...


def error_of(told: Mapping[int, Failed], hung: str, ended: Mapping[int, Ended], hint: str) -> YmltrainError:
    """One error for all that went wrong.

    `told` holds what ranks said of themselves before they ended, in the order in which they said it, `hung` names one that
    answered no more, `ended` says how processes ended. A rank that SIGTERM ended after another told its failure was stopped
    by torch elastic and is not the cause.
    """
    own = own_error(told)
    if own is not None:
        return own
    if hung:
        return RunError("YT981", hung, hint)
    rank, first = min(ended.items(), key=lambda item: (item[1].exitcode >= 0, item[1].timestamp))
    was_stopped = first.exitcode == -signal.SIGTERM and told
    if first.exitcode < 0 and not was_stopped:
        died = f"rank {rank} (process {first.pid}) was killed by {signal.Signals(-first.exitcode).name}"
        return RunError("YT980", died, hint)
    teller = next(iter(told.values()), None)  # the first to tell; the others lost their connection to it
    reason = teller.message if teller is not None else f"it ended with exit code {first.exitcode}"
    return RunError("YT982", f"rank {teller.rank if teller else rank} failed: {reason}", hint)


def own_error(told: Mapping[int, Failed]) -> YmltrainError | None:
    """The error that a rank named by its code; of several the first that was told."""
    for failed in told.values():
        if failed.kind:
            error: YmltrainError = getattr(error_tree, failed.kind)(failed.code, failed.message, failed.hint)
            return error
    return None
