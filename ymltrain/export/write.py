"""An export as a folder: the program and its preprocessing contract, there when the gate has passed and not before."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from ymltrain.bundle.golden import replay_golden
from ymltrain.bundle.predictor import AnyPredictor
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.diagnostics import BundleError, UsageError
from ymltrain.export.contract import Example, Preprocessing, Replay, read_preprocessing
from ymltrain.export.formats import FILES, PREPROCESSING_FILE, check_installed
from ymltrain.export.layout import Layout
from ymltrain.export.preprocessing import describe_export, examples_of
from ymltrain.export.programs import AnyLayout, Run, any_layout, make_content, open_content
from ymltrain.export.replay import finite_rows, replay_export
from ymltrain.export.rows import rows_to_replay
from ymltrain.export.texts import replay_texts, text_examples
from ymltrain.plan.exports import ExportFormat
from ymltrain.plan.plan import canonical_json
from ymltrain.storage import bytes_digest, temporary_beside, write_durably


@dataclass(frozen=True)
class Export:
    """An export that has passed its gate: its files by name, and its contract."""

    files: Mapping[str, bytes]
    document: Preprocessing


def make_export(
    predictor: AnyPredictor, export_format: ExportFormat, rows: pl.DataFrame, kinds: Sequence[str], *, keep_examples: bool
) -> Export:
    """Make an export and replay rows through it. Raises UsageError, BundleError (YT890 to YT892).

    `keep_examples` says whether rows may stand in the contract.
    """
    check_installed(export_format)
    made = make_content(predictor, export_format)
    run = open_content(made.content, export_format, predictor, made.layout, made.outputs)
    replayed = _replay(run, made.layout, predictor, rows, kinds)
    examples = _examples(run, made.layout, predictor, rows, kinds) if keep_examples else ()
    document = describe_export(made, export_format, predictor, replayed, examples)
    contract = msgspec.json.format(canonical_json(document), indent=2) + b"\n"
    return Export({document.file: made.content, PREPROCESSING_FILE: contract}, document)


def export_bundle(folder: Path, predictor: AnyPredictor, export_format: ExportFormat, output: Path) -> Export:
    """Export a bundle to the folder `output`, which may not be there or is empty; nothing is left where it is refused."""
    check_installed(export_format)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError("YT893", f"{output} is there already", "name another folder with -o, or remove it")
    replay_golden(folder, predictor)
    rows, kinds = rows_to_replay(folder, predictor)
    export = make_export(predictor, export_format, rows, kinds, keep_examples=predictor.contract.digests.golden is not None)
    staged = temporary_beside(output)
    try:
        for name, content in export.files.items():
            write_durably(staged / name, content)
        if output.is_dir():
            output.rmdir()
        staged.rename(output)
    except OSError as error:
        raise UsageError("YT893", f"{output} cannot be written: {error.strerror}", "name another folder with -o") from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return export


def check_export(export: Path, folder: Path, predictor: AnyPredictor, *, trust_program: bool) -> tuple[Preprocessing, Replay]:
    """Replay a model's rows through an export that is there already.

    Raises BundleError where it is of another model, was changed or gives something else; UsageError (YT897) for a torch
    program without `trust_program`: opening one can run code.
    """
    path = export / PREPROCESSING_FILE
    if not path.is_file():
        raise BundleError("YT894", f"{export} is no export: it has no {PREPROCESSING_FILE}", "name the folder of an export")
    document = read_preprocessing(path.read_bytes(), str(path))
    content = _content(export, document)
    if document.tensors != predictor.contract.digests.tensors:
        message = f"{export} was made of other weights: {document.tensors}"
        raise BundleError("YT896", message, f"those of this model are {predictor.contract.digests.tensors}")
    if document.format == "torch" and not trust_program:
        raise UsageError(
            "YT897",
            f"{export / document.file} is not opened: a torch program can run code when it is loaded",
            "--trust-program says that you trust whoever made it; or export the model again, or to ONNX, which is data",
        )
    check_installed(document.format)
    replay_golden(folder, predictor)
    rows, kinds = rows_to_replay(folder, predictor)
    layout = any_layout(predictor, document.format)
    outputs = tuple(output.name for output in document.outputs)
    try:
        run = open_content(content, document.format, predictor, layout, outputs)
        return document, _replay(run, layout, predictor, rows, kinds)
    except BundleError:
        raise
    except Exception as error:
        message = f"{export / document.file} cannot be run: {type(error).__name__}: {str(error)[:300]}"
        raise BundleError("YT896", message, "export the model again") from error


def _replay(run: Run, layout: AnyLayout, predictor: AnyPredictor, rows: pl.DataFrame, kinds: Sequence[str]) -> Replay:
    if isinstance(predictor, TextPredictor):
        return replay_texts(run, predictor, rows, kinds)
    assert isinstance(layout, Layout)
    return replay_export(run, layout, predictor, rows, kinds)


def _examples(
    run: Run, layout: AnyLayout, predictor: AnyPredictor, rows: pl.DataFrame, kinds: Sequence[str]
) -> tuple[Example, ...]:
    if isinstance(predictor, TextPredictor):
        return text_examples(run, predictor, rows, kinds)
    assert isinstance(layout, Layout)
    finite = finite_rows(predictor.outputs(predictor.encode(rows)))
    return examples_of(run, layout.arrays(predictor, rows), rows, kinds, finite)


def _content(export: Path, document: Preprocessing) -> bytes:
    """The program's file, as its contract has it."""
    if document.file != FILES[document.format]:
        raise BundleError("YT894", f"{export} names {document.file!r} as its program", f"it is {FILES[document.format]}")
    path = export / document.file
    content = path.read_bytes() if path.is_file() else b""
    if bytes_digest(content) != document.digest:
        message = f"{path} is missing or was changed: {PREPROCESSING_FILE} says {document.digest}"
        raise BundleError("YT896", message, "export the model again")
    return content
