"""The contract beside an export: from a row as it is served to the arrays the program takes, and what its outputs mean.

Written for programs that are not ymltrain. NaN has no place in JSON: a null in `examples` stands for it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ymltrain.diagnostics import BundleError
from ymltrain.export.formats import PREPROCESSING_FILE
from ymltrain.kinds.formula import Formula
from ymltrain.plan.exports import ExportFormat
from ymltrain.plan.shapes import ColumnType
from ymltrain.serving.stamp import Versions

PREPROCESSING_VERSION = 1


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate saw. `largest_difference` is a share of what the tolerance is a share of."""

    rows: int
    kinds: dict[str, int]
    not_finite: int
    batches: tuple[int, ...]
    tolerance: float
    largest_difference: float
    flips: int = 0


class EncoderState(msgspec.Struct, frozen=True, kw_only=True):
    """The encoder plugin, what it learned, and its written rules."""

    type: str
    state: dict[str, Any]
    rules: str


class ProgramFeature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature: how its column is read, how it is encoded, and where that goes.

    Where a value is missing and there is a `default`, that is served. The values stand in `columns` columns of the array
    `input`, from `first` (counted from 0) on. With a `formula` they are raw, and the program encodes them by it.
    """

    column: str
    type: ColumnType
    time_zone: str | None
    format: str | None
    default: str | float | bool | None
    input: str
    first: int
    columns: int
    how: str
    encoder: EncoderState
    formula: Formula | None


class ProgramArray(msgspec.Struct, frozen=True, kw_only=True):
    """An input or output of the program, in its order. The first dimension is the batch: any number of rows from 1."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    means: str


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A row, what goes in for it, and what comes out: to try another program's preprocessing on."""

    kind: str
    row: dict[str, Any]
    inputs: dict[str, list[Any]]
    outputs: dict[str, Any]


class Preprocessing(msgspec.Struct, frozen=True, kw_only=True):
    """All that a program needs beside the export's file. `versions` is what records of a serving log are stamped with."""

    preprocessing: int = PREPROCESSING_VERSION
    ymltrain: str
    name: str
    format: ExportFormat
    file: str
    digest: str
    tensors: str
    made_with: dict[str, str]
    versions: Versions
    reading: dict[ColumnType, str]
    inputs: tuple[ProgramArray, ...]
    features: tuple[ProgramFeature, ...]
    outputs: tuple[ProgramArray, ...]
    target: dict[str, Any]
    gate: Replay
    examples: tuple[Example, ...]


def read_preprocessing(content: bytes, name: str) -> Preprocessing:
    """The contract from its JSON. Raises BundleError (YT894) when it is none, or of another version."""
    hint = f"name the folder of an export, with its {PREPROCESSING_FILE}"
    try:
        found = msgspec.json.decode(content, type=Preprocessing)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError("YT894", f"{name} is not the contract of an export: {error}", hint) from None
    if found.preprocessing != PREPROCESSING_VERSION:
        message = f"{name} has version {found.preprocessing}; this ymltrain reads version {PREPROCESSING_VERSION}"
        raise BundleError("YT894", message, "make the export again")
    return found


def preprocessing_schema() -> dict[str, Any]:
    """The JSON Schema of preprocessing.json."""
    (root,), definitions = msgspec.json.schema_components([Preprocessing])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ymltrain preprocessing of an export",
        **root,
        "$defs": definitions,
    }
