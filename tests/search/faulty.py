"""A model that fails in a chosen way when its params say so."""

import os
import signal
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Params, TensorShape, plugin


class FaultyParams(Params, frozen=True, kw_only=True):
    """How to fail; `marker` is a file that says that it has happened once."""

    fault: Literal["none", "raise", "memory", "nan", "disk", "kill", "kill_once"] = "none"
    marker: Annotated[str, Meta(description="A file.")] = ""
    width: Annotated[int, Meta(ge=1)] = 1


@plugin("model", "faulty", params=FaultyParams)
class Faulty:
    """A linear model, or a fault."""

    def __init__(self, params):
        self._params = params

    def shapes(self, features, output):
        width = sum(feature.width for feature in features if feature.kind == "number")
        return [
            TensorShape(name="linear.weight", shape=(output.width, width)),
            TensorShape(name="linear.bias", shape=(output.width,)),
        ]

    def build(self, features, output):
        import torch
        from torch import nn

        fault = self._params.fault
        if fault == "raise":
            raise KeyError("no such thing")
        if fault == "memory":
            raise MemoryError
        if fault == "disk":
            raise OSError(28, "No space left on device")
        if fault == "kill" or (fault == "kill_once" and not Path(self._params.marker).exists()):
            Path(self._params.marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)

        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(sum(feature.width for feature in features if feature.kind == "number"), output.width)

            def forward(self, inputs):
                result = self.linear(inputs["number"])
                return result * torch.nan if fault == "nan" else result

        return Network()
