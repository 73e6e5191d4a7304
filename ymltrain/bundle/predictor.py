"""The predictor: rows in the user's units to predictions in the user's units.

The network is rebuilt by the installed plugin that the contract names and filled from safetensors; rows go through
the very encoders that training used. Nothing in a bundle is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.contract import CONTRACT_FILE, EXPORTS_FOLDER, WEIGHTS_FILE, Contract, read_contract
from ymltrain.bundle.defaults import Defaults, fill_defaults
from ymltrain.bundle.read_columns import read_columns
from ymltrain.bundle.tensors import digest_tensors, read_tensors
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.catalog.catalog import Catalog
from ymltrain.data.features import encode_rows
from ymltrain.data.next_token import NextTokenTarget, restore_any_target
from ymltrain.data.target import FittedTarget
from ymltrain.diagnostics import BundleError
from ymltrain.kinds.contracts import ArrowStream, FittedEncoder
from ymltrain.plan.plan import FeatureSpec
from ymltrain.plan.shapes import Reading
from ymltrain.storage.digests import file_digest

if TYPE_CHECKING:
    from torch import nn

BATCH_ROWS = 8_192


@dataclass(frozen=True)
class Predictor:
    """A loaded bundle."""

    contract: Contract
    features: tuple[FeatureSpec, ...]
    encoders: Mapping[str, FittedEncoder]
    target: FittedTarget
    network: nn.Module

    @property
    def columns(self) -> dict[str, Reading]:
        """The input columns, and how they are read."""
        return {feature.column: feature.reading for feature in self.features}

    def predict(self, table: ArrowStream) -> pl.DataFrame:
        """One row of predictions for each row of a table.

        The columns are `prediction`, and where it is a label `probability_<class>` for each class. Raises
        BundleError when the table lacks a column, DataError when one cannot be read as its type.
        """
        return self.predict_rows(self.read(table))

    def predict_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The same for rows that `read` (or `ymltrain.data.reading.read_rows`) has read."""
        outputs = [self.outputs(self.encode(part)) for part in rows.iter_slices(BATCH_ROWS)]
        empty = np.empty((0, self.target.output.width), np.float32)
        return self.decode(np.concatenate(outputs) if outputs else empty)

    def read(self, table: ArrowStream) -> pl.DataFrame:
        """The input columns of a table, by the rules that training read them with."""
        frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
        lacking = {name: [None] * frame.height for name in self.defaults.values if name not in frame.columns}
        return read_columns(frame.hstack(pl.DataFrame(lacking)) if lacking else frame, self.columns, self.contract.name)

    def golden(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The encoded features of some rows, and what is predicted of them."""
        encoded = self.encode(rows)
        features = pl.DataFrame([pl.Series(name, values) for name, values in self.feature_values(encoded)])
        return features, self.decode(self.outputs(encoded))

    @cached_property
    def defaults(self) -> Defaults:
        """What stands in for values that a row is served without."""
        return Defaults.of(self.features)

    def encode(self, rows: pl.DataFrame) -> dict[str, npt.NDArray[Any]]:
        """Rows as the network takes them, serving defaults filled in."""
        return encode_rows(fill_defaults(rows, self.features), self.features, self.encoders)

    def outputs(self, encoded: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """The network's output `[n, width]` for encoded rows."""
        import torch

        with torch.inference_mode():
            output = self.network({kind: torch.from_numpy(array) for kind, array in encoded.items()})
        array: npt.NDArray[np.float32] = output.float().numpy()
        return array

    def decode(self, output: npt.NDArray[np.float32]) -> pl.DataFrame:
        """Outputs as predictions in the user's units."""
        return pl.DataFrame(self.target.predictions(output))

    def feature_values(self, encoded: Mapping[str, npt.NDArray[Any]]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Each feature's own encoded values: `[n]`, or `[n, width]` where it is wider than one."""
        taken = dict.fromkeys(encoded, 0)
        for feature in self.features:
            shape = self.encoders[feature.column].shape
            start, width = taken[shape.kind], shape.columns
            taken[shape.kind] = start + width
            values = encoded[shape.kind][:, start : start + width]
            yield feature.column, values[:, 0] if width == 1 else values


AnyPredictor: TypeAlias = Predictor | TextPredictor


def load_table_bundle(folder: Path, catalog: Catalog, environment: Mapping[str, str], what: str) -> Predictor:
    """The predictor of a table's bundle; `what` needs one. Raises BundleError as `load_bundle`, and for a language model."""
    predictor = load_bundle(folder, catalog, environment)
    if isinstance(predictor, TextPredictor):
        message = f"{what} is for models of tables, and {predictor.contract.name} is a language model"
        raise BundleError("YT928", message, "`predict`, `evaluate`, `export` and `ymltrain.load` take language models too")
    return predictor


def load_bundle(folder: Path, catalog: Catalog, environment: Mapping[str, str]) -> AnyPredictor:
    """The predictor of a bundle folder. Raises BundleError when a file is missing or was changed."""
    path = folder / CONTRACT_FILE
    if not path.is_file():
        raise BundleError("YT920", f"{folder} is not a bundle: it has no {CONTRACT_FILE}", "name a bundle folder, a run or a model")
    contract = read_contract(path.read_bytes(), str(path))
    weights = verified_weights(folder, contract)
    target = restore_any_target(contract.target.state)
    shapes = [target.window] if isinstance(target, NextTokenTarget) else [feature.shape for feature in contract.features]
    network = catalog.build(contract.model, environment).build(shapes, contract.output)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError("YT925", f"the weights do not fit the network of {contract.model.type}: {error}", "") from None
    if isinstance(target, NextTokenTarget):
        return TextPredictor(contract=contract, target=target, network=network.eval())
    return Predictor(
        contract=contract,
        features=tuple(
            FeatureSpec(
                column=feature.column,
                type=feature.type,
                encoder=feature.encoder.id,
                time_zone=feature.time_zone,
                format=feature.format,
                available_at=feature.available_at,
                serving_default=feature.serving_default,
            )
            for feature in contract.features
        ),
        encoders={
            feature.column: catalog.build(feature.encoder, environment).restore(feature.column, feature.state)
            for feature in contract.features
        },
        target=target,
        network=network.eval(),
    )


def verified_weights(folder: Path, contract: Contract) -> dict[str, Any]:
    """The weights of a bundle folder. Raises BundleError unless they are those that its contract speaks of."""
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise BundleError("YT920", f"{folder} is not a bundle: it has no {WEIGHTS_FILE}", "take it from its run or registry again")
    digest = file_digest(path)
    weights = read_tensors(path) if digest == contract.digests.weights else None
    if weights is None or digest_tensors(weights) != contract.digests.tensors:
        message = f"{path} was changed: its digest is {digest}, the contract says {contract.digests.weights}"
        raise BundleError("YT924", message, "take the bundle from its run or registry again")
    return weights


def check_exports(folder: Path, contract: Contract) -> None:
    """Raise BundleError (YT899) unless the exports in a bundle folder are those that its contract speaks of. None is opened."""
    there = {path.relative_to(folder).as_posix(): path for path in (folder / EXPORTS_FOLDER).rglob("*") if path.is_file()}
    for name in sorted(there.keys() | contract.digests.exports.keys()):
        digest = file_digest(there[name]) if name in there else "missing"
        wanted = contract.digests.exports.get(name, "nothing of it")
        if digest != wanted:
            message = f"{folder / name} is not the bundle's own: it is {digest}, the contract says {wanted}"
            raise BundleError("YT899", message, "take the bundle from its run or registry again")
