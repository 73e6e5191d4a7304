"""The reference server: `/predict`, `/health`, `/metrics`, `/openapi.json`; what it serves it logs."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import Counter as Counts
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ymltrain.serving.batching import Answer, Batcher
from ymltrain.serving.log import ServingLog
from ymltrain.serving.models import ServedModel
from ymltrain.serving.openapi import openapi_document
from ymltrain.serving.records import PROBABILITY, Served, make_records
from ymltrain.serving.requests import BadRequestError, Batch, read_request

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True)
class ServerParts:
    """What a server is made of. `log` is None where nothing is logged; `refresh_seconds` 0 never looks for a newer version."""

    served: ServedModel
    log: ServingLog | None
    refresh_seconds: float = 5.0


class _Metrics:
    """Counters in a registry of the server's own."""

    def __init__(self, parts: ServerParts) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("ymltrain_requests", "Requests answered.", ["status"], registry=self.registry)
        self.rows = Counter("ymltrain_rows", "Rows predicted.", registry=self.registry)
        words = "Values that a serving default stood in for."
        self.defaulted = Counter("ymltrain_defaulted_values", words, ["column"], registry=self.registry)
        self.seconds = Histogram("ymltrain_request_seconds", "Seconds a request took.", buckets=LATENCIES, registry=self.registry)
        model = Gauge("ymltrain_model_info", "The model that is served.", ["version", "bundle"], registry=self.registry)
        exchanged = Gauge("ymltrain_model_exchanges", "How often another version was taken up.", registry=self.registry)
        exchanged.set_function(lambda: parts.served.exchanges)
        self._model = model
        if parts.log is not None:
            log = parts.log
            dropped = Gauge("ymltrain_log_dropped", "Records that the serving log had no room for.", registry=self.registry)
            dropped.set_function(lambda: log.dropped)
            written = Gauge("ymltrain_log_records", "Records written to the serving log.", registry=self.registry)
            written.set_function(lambda: log.records)

    def text(self, parts: ServerParts) -> bytes:
        """All of them, as Prometheus reads them."""
        current = parts.served.current
        self._model.clear()
        self._model.labels(version=current.version, bundle=current.stamp.bundle).set(1)
        return generate_latest(self.registry)


def make_app(parts: ServerParts) -> Starlette:
    """The ASGI application."""
    batcher = Batcher(parts.served)
    metrics = _Metrics(parts)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        stop = threading.Event()
        batcher.start()
        if parts.refresh_seconds:
            threading.Thread(target=parts.served.watch, args=(parts.refresh_seconds, stop), daemon=True).start()
        yield
        stop.set()
        await batcher.stop()
        if parts.log is not None:
            await asyncio.to_thread(parts.log.close)

    async def predict(request: Request) -> Response:
        started = time.perf_counter()
        model = parts.served.current
        request_id = request.headers.get("x-request-id") or secrets.token_hex(12)
        try:
            batch = read_request(await request.body(), model.predictor, request_id)
            answer = await batcher.predict(model, batch.rows)
        except BadRequestError as error:
            metrics.requests.labels(status="422").inc()
            return _json({"error": str(error), "mistakes": error.mistakes}, 422)
        document = _answer(batch, answer)
        _log(parts.log, batch, answer)
        metrics.requests.labels(status="200").inc()
        metrics.rows.inc(len(batch.rows))
        for name, count in Counts(name for one in document["predictions"] for name in one.get("defaulted", ())).items():
            metrics.defaulted.labels(column=name).inc(count)
        metrics.seconds.observe(time.perf_counter() - started)
        return _json(document, 200)

    async def health(request: Request) -> Response:
        del request
        current = parts.served.current
        name = current.predictor.contract.name
        return _json({"status": "ok", "model": name, "version": current.version, "bundle": current.stamp.bundle}, 200)

    async def measures(request: Request) -> Response:
        del request
        return Response(metrics.text(parts), media_type="text/plain; version=0.0.4")

    async def openapi(request: Request) -> Response:
        del request
        return _json(openapi_document(parts.served.current), 200)

    routes = [
        Route("/predict", predict, methods=["POST"]),
        Route("/health", health),
        Route("/metrics", measures),
        Route("/openapi.json", openapi),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _json(document: Any, status: int) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _answer(batch: Batch, answer: Answer) -> dict[str, Any]:
    values = answer.predictions.get_column("prediction").to_list()
    chances = [name for name in answer.predictions.columns if name.startswith(PROBABILITY)]
    predictions: list[dict[str, Any]] = [
        {"request_id": name, "prediction": value} for name, value in zip(batch.request_ids, values, strict=True)
    ]
    if chances:
        for prediction, row in zip(predictions, answer.predictions.select(chances).iter_rows(), strict=True):
            prediction["probabilities"] = {name.removeprefix(PROBABILITY): value for name, value in zip(chances, row, strict=True)}
    defaults = answer.model.predictor.defaults
    if defaults.values:
        for prediction, given in zip(predictions, batch.rows, strict=True):
            if filled := defaults.columns_of(given):
                prediction["defaulted"] = filled
    return {"predictions": predictions, "model": answer.model.version, "bundle": answer.model.stamp.bundle}


def _log(log: ServingLog | None, batch: Batch, answer: Answer) -> None:
    """Queue the records; they are made by the log's own thread."""
    if log is None or not log.is_sampled(batch.request_ids[0]):
        return
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    served = Served(batch.rows, answer.encoded, answer.predictions, batch.request_ids, [now] * len(batch.rows))
    log.write(lambda: make_records(answer.model.predictor, answer.model.stamp, served))
