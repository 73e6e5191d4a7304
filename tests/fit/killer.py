"""A tracker that kills its own process, once, at a chosen moment of a run: power loss for tests."""

import os
import signal
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from ymltrain.api import ArtifactWritten, CheckpointSaved, EpochEnded, MetricsLogged, Params, plugin

MOMENTS = {
    "metrics": lambda event: isinstance(event, MetricsLogged) and "lr" in event.values,
    "epoch": lambda event: isinstance(event, EpochEnded),
    "checkpoint": lambda event: isinstance(event, CheckpointSaved),
    "bundle": lambda event: isinstance(event, ArtifactWritten),
    "finish": lambda event: False,
}


class KillerParams(Params, frozen=True, kw_only=True):
    """When to die; the file `marker` says that it has happened."""

    moment: str
    count: Annotated[int, Meta(ge=1)] = 1
    marker: str


@plugin("tracker", "killer", params=KillerParams)
class Killer:
    """SIGKILL to itself at the n-th event of a kind, or when the run finishes."""

    def __init__(self, params):
        self._params = params
        self._seen = 0

    def start(self, run_id, name, run_dir, params):
        pass

    def observe(self, event):
        self._seen += MOMENTS[self._params.moment](event)
        if self._seen == self._params.count:
            self._die()

    def finish(self, status):
        if self._params.moment == "finish":
            self._die()

    def _die(self):
        marker = Path(self._params.marker)
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
