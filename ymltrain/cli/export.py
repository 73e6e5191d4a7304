"""`ymltrain export`: a model as a program for others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.plan.exports import ExportFormat

FORMATS = ("torch", "onnx", "safetensors")


@click.command(
    "export",
    epilog=examples(
        "ymltrain export diamonds-price@champion --format onnx -o diamonds-onnx",
        "ymltrain export diamonds-price@champion --check diamonds-onnx",
    ),
)
@click.argument("model")
@click.option("--format", "export_format", type=click.Choice(FORMATS), help="What it becomes.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="The new folder; NAME-FORMAT here by default.")
@click.option(
    "--check",
    "existing",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Hold this export against MODEL instead.",
)
@click.option("--trust-program", is_flag=True, help="With --check: open a torch program, which may run code of whoever made it.")
@click.option("--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default.")
@common_options
def command(
    model: str,
    export_format: ExportFormat | None,
    output: Path | None,
    existing: Path | None,
    trust_program: bool,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Write MODEL as a program for others, and the contract of what it takes beside it.

    MODEL is name@alias, name@3, name@sha256:…, a run, or a bundle folder. The golden rows go through the result in batches of
    one, two and many: outputs within tolerance and every decision the same, or it is refused and nothing is left. The folder
    holds program.pt2, model.onnx or weights.safetensors, and preprocessing.json: how rows become its inputs, what its outputs
    mean, and examples to try another program on. Numbers, booleans and vectors go in raw: the program encodes them. Of a language
    model tokens go in, and out comes what may follow each; preprocessing.json holds the tokenizer.
    """
    from ymltrain.diagnostics import UsageError

    if (export_format is None) == (existing is None):
        hint = f"--format {'|'.join(FORMATS)} makes an export, --check DIR holds one against the model"
        raise UsageError("YT898", "say either what to export to, or which export to check", hint)
    from ymltrain.bundle.predictor import load_bundle
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.loading import locate_bundle
    from ymltrain.record.workspace import find_workspace

    catalog = Catalog.installed(plugins)
    bundle = locate_bundle(model, find_workspace(workspace), catalog, registry_url)
    predictor = load_bundle(bundle, catalog, os.environ)
    from ymltrain.export.write import check_export, export_bundle
    from ymltrain.report.export import export_document, show_export

    if existing is not None:
        document, replayed = check_export(existing, bundle, predictor, trust_program=trust_program)
        folder = existing
    else:
        assert export_format is not None
        folder = output or Path(f"{predictor.contract.name}-{export_format}")
        document = export_bundle(bundle, predictor, export_format, folder).document
        replayed = document.gate
    if as_json:
        from ymltrain.report.console import write_json

        write_json(export_document(folder, document, replayed))
    else:
        show_export(folder, document, replayed)
    return 0
