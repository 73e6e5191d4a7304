"""A registered version as a version in MLflow's model registry: logged as an MLflow model with its signature, then registered.

A version is found again by its digest, which its tags have from the moment it is there: pushing twice makes one.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from ymltrain.api import OutgoingModel, TakenModel

from ymltrain_mlflow.names import LONGEST_TAG, cut, safe_name

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.tracking import MlflowClient

DIGEST_TAG, VERSION_TAG = "ymltrain.digest", "ymltrain.version"
FOLDER = "model"
COLUMN_TYPES = {"number": "double", "category": "string", "boolean": "boolean", "timestamp": "string", "text": "string"}


def push_version(client: MlflowClient, run: str, model: OutgoingModel) -> TakenModel:
    """Put a version into the registry, from the artifacts of this MLflow run; an alias of ours becomes one of MLflow's."""
    name = safe_name(model.name)
    known = _known(client, name, model.digest)
    number = known or _created(client, run, name, model)
    for alias in model.aliases:
        client.set_registered_model_alias(name, alias, number)
    return TakenModel(name=name, version=number, uri=f"models:/{name}/{number}", is_new=known is None)


def _known(client: MlflowClient, name: str, digest: str) -> str | None:
    """The number of the version that has this digest."""
    for found in client.search_model_versions(f"name='{name}'"):
        if found.tags.get(DIGEST_TAG) == digest:
            return str(found.version)
    return None


def _created(client: MlflowClient, run: str, name: str, model: OutgoingModel) -> str:
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory(prefix="ymltrain-mlflow-") as folder:
        _write(Path(folder) / FOLDER, model)
        place = f"{FOLDER}/{model.digest[-16:]}"
        client.log_artifacts(run, str(Path(folder) / FOLDER), place)
    try:
        client.create_registered_model(name, description=cut(model.description, LONGEST_TAG))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {DIGEST_TAG: model.digest, VERSION_TAG: f"{model.name}@{model.version}"}
    source = f"{client.get_run(run).info.artifact_uri}/{place}"
    made = client.create_model_version(name, source, run_id=run, tags=tags, description=cut(model.description, LONGEST_TAG))
    return str(made.version)


def _write(folder: Path, model: OutgoingModel) -> None:
    """The MLflow model: the bundle, how it is loaded, what it needs, its signature."""
    import mlflow.pyfunc

    mlflow.pyfunc.save_model(
        path=str(folder),
        loader_module="ymltrain_mlflow.pyfunc",
        data_path=str(model.bundle),
        signature=signature_of(model.bundle),
        pip_requirements=[f"{name}=={installed(name)}" for name in ("ymltrain", "ymltrain-mlflow")],
        metadata={DIGEST_TAG: model.digest, VERSION_TAG: f"{model.name}@{model.version}"},
    )


def signature_of(bundle: Path) -> ModelSignature:
    """Inputs and outputs as MLflow has them, from the bundle's contract. Every input may be missing."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    contract = msgspec.json.decode((bundle / "contract.json").read_bytes())
    features = contract["features"]
    inputs: list[ColSpec | TensorSpec] = [ColSpec(_input_type(one["type"]), one["column"], required=False) for one in features]
    outputs: list[ColSpec | TensorSpec] = [ColSpec(kind, name) for name, kind in _outputs(contract["target"]["state"])]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _input_type(column_type: str) -> Any:
    from mlflow.types.schema import Array, DataType

    return Array(DataType.double) if column_type == "vector" else COLUMN_TYPES[column_type]


def _outputs(target: dict[str, Any]) -> list[tuple[str, Any]]:
    """The columns of a prediction, with their types."""
    from mlflow.types.schema import Array, DataType

    task = target["task"]
    if task == "regression":
        return [("prediction", "double")]
    labels = target["labels"] if task == "multilabel" else target["classes"][1:] if task == "binary" else target["classes"]
    chosen = Array(DataType.string) if task == "multilabel" else "string"
    return [("prediction", chosen), *((f"probability_{label}", "double") for label in labels)]
