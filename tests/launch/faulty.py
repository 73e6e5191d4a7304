"""A loss that does something to its process at a chosen moment, once: what happens to a rank in a cluster, for tests."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Params, plugin
from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams


class FaultyParams(Params, frozen=True, kw_only=True):
    """What to do, on which rank, in which training pass; the file `marker` says that it has happened."""

    do: Literal["kill", "kill_all", "stop", "sleep", "raise", "terminate", "nan"]
    rank: int = 1
    nth: Annotated[int, Meta(ge=1)] = 1
    marker: str


@plugin("loss", "faulty", params=FaultyParams)
class FaultyLoss:
    """Cross entropy, with an accident."""

    tasks = ("classification", "next_token")

    def __init__(self, params):
        self._params = params
        self._seen = 0

    def build(self):
        import torch

        inner = CrossEntropyLoss(CrossEntropyParams()).build()

        def loss(output, target):
            if torch.is_grad_enabled() and os.environ.get("RANK", "0") == str(self._params.rank):
                self._seen += 1
                marker = Path(self._params.marker)
                if self._seen == self._params.nth and not marker.exists():
                    marker.touch()
                    return self._happen(inner(output, target))
            return inner(output, target)

        return loss

    def _happen(self, losses):
        if self._params.do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._params.do == "kill_all":
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._params.do == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self._params.do == "sleep":
            time.sleep(600)
        elif self._params.do == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self._params.do == "raise":
            raise ValueError("the third row is odd")
        return losses * float("nan") if self._params.do == "nan" else losses
