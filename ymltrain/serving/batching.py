"""Requests that arrive while the network is busy are predicted together: no request waits for company."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import polars as pl

from ymltrain.serving.models import LoadedModel, ServedModel

MOST_ROWS = 4_096


@dataclass(frozen=True)
class Answer:
    """What a request's rows became, and the model that made it."""

    model: LoadedModel
    encoded: dict[str, npt.NDArray[Any]]
    predictions: pl.DataFrame


@dataclass
class _Waiting:
    model: LoadedModel
    rows: list[dict[str, Any]]
    answer: asyncio.Future[Answer]


class Batcher:
    """One thread predicts; the loop gathers what has arrived meanwhile."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "predict")
        self._task: asyncio.Task[None] | None = None
        self.largest = 0

    def start(self) -> None:
        """Begin to work; call it in the loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End when all that waits is answered."""
        await self._queue.join()
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown()

    async def predict(self, model: LoadedModel, rows: list[dict[str, Any]]) -> Answer:
        """Predictions for rows that were read for this model."""
        waiting = _Waiting(model, rows, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        held: _Waiting | None = None
        while True:
            batch = [held or await self._queue.get()]
            held = None
            count = len(batch[0].rows)
            while count < MOST_ROWS and not self._queue.empty():
                following = self._queue.get_nowait()
                if following.model is not batch[0].model:
                    held = following  # read for another version: a batch of its own
                    break
                batch.append(following)
                count += len(following.rows)
            self.largest = max(self.largest, count)
            try:
                rows = [row for waiting in batch for row in waiting.rows]
                encoded, predictions = await loop.run_in_executor(self._thread, batch[0].model.predict, rows)
            except Exception as error:  # noqa: BLE001 - each request of the batch answers for it
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
            else:
                _deal_out(batch, encoded, predictions)
            for _ in batch:
                self._queue.task_done()


def _deal_out(batch: list[_Waiting], encoded: dict[str, npt.NDArray[Any]], predictions: pl.DataFrame) -> None:
    start = 0
    for waiting in batch:
        end = start + len(waiting.rows)
        if not waiting.answer.done():  # its client may have gone
            mine = {kind: array[start:end] for kind, array in encoded.items()}
            waiting.answer.set_result(Answer(waiting.model, mine, predictions[start:end]))
        start = end
