"""The server's OpenAPI document, from the contract of the model it serves."""

from __future__ import annotations

from typing import Any

from ymltrain.plan.shapes import Task
from ymltrain.serving.models import LoadedModel


def openapi_document(model: LoadedModel) -> dict[str, Any]:
    """OpenAPI 3.1: one row is the contract's own JSON Schema."""
    contract = model.predictor.contract
    row = {**contract.inputs, "title": "Row"}
    mistake = {
        "type": "object",
        "properties": {"row": {"type": "integer"}, "field": {"type": "string"}, "message": {"type": "string"}},
    }
    prediction = {
        "type": "object",
        "required": ["request_id", "prediction"],
        "properties": {
            "request_id": {"type": "string"},
            "prediction": _prediction(contract.output.task),
            "defaulted": {"type": "array", "items": {"type": "string"}, "description": "Columns served by their declared default."},
            "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
        },
    }
    answer = {
        "type": "object",
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
            "model": {"type": "string"},
            "bundle": {"type": "string"},
        },
    }
    refused = {"type": "object", "properties": {"error": {"type": "string"}, "mistakes": {"type": "array", "items": mistake}}}
    body = {
        "oneOf": [
            {"$ref": "#/components/schemas/Row"},
            {
                "type": "object",
                "required": ["rows"],
                "properties": {"rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}},
            },
        ]
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": contract.name, "version": model.version, "description": contract.description},
        "paths": {
            "/predict": {
                "post": {
                    "summary": f"Predict {contract.target.name}",
                    "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                    "responses": {
                        "200": _json("Predictions, in the order of the rows.", answer),
                        "422": _json("Rows that break the contract; every mistake with its field.", refused),
                        "503": {"description": "The server is shutting down."},
                    },
                }
            },
            "/health": {"get": {"summary": "Whether it serves, and what.", "responses": {"200": {"description": "It serves."}}}},
            "/metrics": {"get": {"summary": "Metrics for Prometheus.", "responses": {"200": {"description": "Text."}}}},
        },
        "components": {"schemas": {"Row": row, "Prediction": prediction}},
    }


def _prediction(task: Task) -> dict[str, Any]:
    if task == "multilabel":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "number" if task == "regression" else "string"}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
