"""The model that is being served, and its exchange for another while requests go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.serving.requests import to_frame
from ymltrain.serving.stamp import Stamp, stamp_of


@dataclass(frozen=True)
class LoadedModel:
    """A bundle that is ready to predict, and the name of the version it is."""

    predictor: Predictor
    stamp: Stamp
    version: str

    @classmethod
    def of(cls, predictor: Predictor, version: str) -> LoadedModel:
        return cls(predictor, stamp_of(predictor.contract), version)

    def predict(self, rows: list[dict[str, Any]]) -> tuple[dict[str, npt.NDArray[Any]], pl.DataFrame]:
        """Encoded features and predictions of rows that keep the contract."""
        encoded = self.predictor.encode(to_frame(rows, self.predictor))
        return encoded, self.predictor.decode(self.predictor.outputs(encoded))


class ServedModel:
    """Holds the current model. `find` names the version that should be served, `load` loads one; a failed load changes nothing."""

    def __init__(self, find: Callable[[], str], load: Callable[[str], LoadedModel], warn: Callable[[str], None]) -> None:
        self._find = find
        self._load = load
        self._warn = warn
        self.current = load(find())
        self.exchanges = 0

    def refresh(self) -> bool:
        """Take up another version if the name now means one; whether it does."""
        try:
            wanted = self._find()
            if wanted == self.current.version:
                return False
            loaded = self._load(wanted)
        except Exception as error:  # noqa: BLE001 - whatever fails, the model that is there goes on serving
            self._warn(f"the model that is served stays: {error}")
            return False
        self.current = loaded
        self.exchanges += 1
        return True

    def watch(self, every: float, stop: threading.Event) -> None:
        """Refresh again and again until told to stop."""
        while not stop.wait(every):
            self.refresh()
