"""Writing the contract beside an export: what of a model goes into which array, and rows to try it on."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain import __version__
from ymltrain.bundle.contract import FeatureContract
from ymltrain.bundle.predictor import AnyPredictor, Predictor
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.export.contract import EncoderState, Example, Preprocessing, ProgramArray, ProgramFeature, Replay
from ymltrain.export.formats import FILES
from ymltrain.export.layout import Arrays, FeatureInput, TextLayout, part_of
from ymltrain.export.programs import Made, Run
from ymltrain.plan.exports import ExportFormat
from ymltrain.plan.shapes import ColumnType
from ymltrain.serving.stamp import stamp_of
from ymltrain.storage import bytes_digest

EXAMPLES_OF_A_KIND = 4

READING: dict[ColumnType, str] = {
    "number": "a number; null, NaN and infinite values are missing",
    "category": "text; integers in decimal, floats as Python prints them, booleans as true and false; null is missing",
    "boolean": "true or false: 1 or 0; null is missing",
    "timestamp": "ISO 8601; without a zone local time of `time_zone`, whose clock and calendar count; null is missing",
    "text": "text; null is missing",
    "vector": "a list of numbers, always of the same length; null is missing",
}
RAW = "the program encodes it: give the value as a float64, NaN where it is missing"
RAW_VECTOR = "the program encodes it: give the list's places as float64, all NaN where the list is missing"
MEANS = {
    "output": "what the network makes: of a number on its encoded scale, of labels and of the token after each one logits",
    "value": "the predicted number, in the target's own unit",
    "probabilities": "one for each class or label in the order of `target`; of a binary target that of its second class",
    "following": "the id of the token that most probably follows each",
    "decision": "the predicted class's place in `target.classes`; of several labels 1 where one applies",
}


TOKENS_INPUT = ProgramArray(
    name="tokens",
    dtype="int32",
    shape=("batch", "tokens"),
    means=(
        "0, the end of a text, then the ids of one by `target.tokenizer` (bpe: those of the library tokenizers plus 1; byte: the "
        "bytes plus 1), at most `target.spec.context`; what stands behind a token changes nothing for it"
    ),
)


def describe_export(
    made: Made, export_format: ExportFormat, predictor: AnyPredictor, replayed: Replay, examples: tuple[Example, ...]
) -> Preprocessing:
    """The contract of an export that has passed its gate."""
    contract = predictor.contract
    width = contract.output.width
    return Preprocessing(
        ymltrain=__version__,
        name=contract.name,
        format=export_format,
        file=FILES[export_format],
        digest=bytes_digest(made.content),
        tensors=contract.digests.tensors,
        made_with=made.made_with,
        versions=stamp_of(contract).versions,
        reading={column_type: READING[column_type] for column_type in dict.fromkeys(one.type for one in contract.features)},
        inputs=_inputs(made),
        features=_features(made, predictor),
        outputs=tuple(_output(name, contract.target.state, width) for name in made.outputs),
        target={"columns": list(contract.target.columns), **contract.target.state},
        gate=replayed,
        examples=examples,
    )


def _inputs(made: Made) -> tuple[ProgramArray, ...]:
    if isinstance(made.layout, TextLayout):
        return (TOKENS_INPUT,)
    return tuple(
        ProgramArray(name=name, dtype=_dtype(name), shape=("batch", columns), means=_input_means(name))
        for name, columns in made.layout.widths.items()
    )


def _features(made: Made, predictor: AnyPredictor) -> tuple[ProgramFeature, ...]:
    if isinstance(predictor, TextPredictor) or isinstance(made.layout, TextLayout):
        return ()
    contracts = {feature.column: feature for feature in predictor.contract.features}
    return tuple(_feature(where, contracts[where.column], predictor) for where in made.layout.features)


def examples_of(
    run: Run, arrays: Arrays, rows: pl.DataFrame, kinds: Sequence[str], is_finite: npt.NDArray[np.bool_]
) -> tuple[Example, ...]:
    """The first rows of each kind whose outputs are finite."""
    chosen: list[int] = []
    for kind in dict.fromkeys(kinds):
        chosen += [number for number, found in enumerate(kinds) if found == kind and is_finite[number]][:EXAMPLES_OF_A_KIND]
    found = []
    for number in chosen:
        inputs = part_of(arrays, number, number + 1)
        outputs = run(inputs)
        found.append(
            Example(
                kind=kinds[number],
                row={name: _plain(value) for name, value in rows.row(number, named=True).items()},
                inputs={name: _plain(array[0].tolist()) for name, array in inputs.items()},
                outputs={name: _plain(array[0].tolist()) for name, array in outputs.items()},
            )
        )
    return tuple(found)


def _feature(where: FeatureInput, feature: FeatureContract, predictor: Predictor) -> ProgramFeature:
    module = inspect.getmodule(type(predictor.encoders[feature.column]))
    is_time = feature.type == "timestamp"
    how = "encode it by the rules of its encoder and what that learned"
    if where.formula is not None:
        how = RAW_VECTOR if feature.type == "vector" else RAW
    return ProgramFeature(
        column=feature.column,
        type=feature.type,
        time_zone=feature.time_zone if is_time else None,
        format=feature.format,
        default=feature.serving_default,
        input=where.name,
        first=where.first,
        columns=where.columns,
        how=how,
        encoder=EncoderState(
            type=feature.encoder.type, state=feature.state, rules=inspect.cleandoc((module and module.__doc__) or "")
        ),
        formula=where.formula,
    )


def _dtype(name: str) -> str:
    return {"raw": "float64", "number": "float32"}.get(name, "int32")


def _input_means(name: str) -> str:
    return {
        "raw": "values as they are, which the program encodes",
        "number": "encoded numbers, in the order of the features",
        "category": "ids of categories, in the order of the features",
        "tokens": "ids of words, in the order of the features",
    }[name]


def _output(name: str, state: dict[str, Any], width: int) -> ProgramArray:
    task = state["task"]
    shapes: dict[str, tuple[int | str, ...]] = {
        "output": ("batch", "tokens", width) if task == "next_token" else ("batch", width),
        "following": ("batch", "tokens"),
        "value": ("batch",),
        "probabilities": ("batch",) if task == "binary" else ("batch", width + (task == "ordinal")),
        "decision": ("batch", width) if task == "multilabel" else ("batch",),
    }
    dtypes = {"output": "float32", "value": "float64", "probabilities": "float64", "decision": "int64", "following": "int64"}
    return ProgramArray(name=name, dtype=dtypes[name], shape=shapes[name], means=MEANS[name])


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value
