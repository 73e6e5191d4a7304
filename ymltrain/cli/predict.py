"""`ymltrain predict`: rows to predictions."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command("predict", epilog=examples("ymltrain predict diamonds-price@champion recipes/data/diamonds.csv -o prices.csv"))
@click.argument("model")
@click.argument("data")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where predictions go: .csv, .parquet or .jsonl.",
)
@click.option(
    "--serving-log",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write inputs, features and predictions there too, as a server does: .jsonl or .parquet.",
)
@click.option("--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default.")
@common_options
def command(
    model: str,
    data: str,
    output: Path,
    serving_log: Path | None,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Predict every row of DATA with MODEL, in the order of the rows.

    MODEL is name@alias, name@3, name@sha256:…, a run, or a bundle folder. DATA is a file, a folder, a pattern
    ("new/*.parquet") or a URL, or a datasource as recipes write it ("{type: sql, table: new}"). It is read the way the
    training data were; it needs the model's input columns and may have others. The output has a column `prediction` and, for a
    classification, one `probability_<class>` for each class.
    """
    from ymltrain.bundle.predictor import load_bundle
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.fit.opening import open_data
    from ymltrain.fit.predicting import predict_file
    from ymltrain.loading import locate_bundle
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import tell, write_json

    catalog = Catalog.installed(plugins)
    bundle = locate_bundle(model, find_workspace(workspace), catalog, registry_url)
    predictor = load_bundle(bundle, catalog, os.environ)
    predicted = predict_file(predictor, open_data(data, predictor.contract.reading, catalog, os.environ), output, serving_log)
    if as_json:
        defaulted = {"defaulted": dict(predicted.defaulted)} if predicted.defaulted else {}
        write_json({"rows": predicted.rows, "output": str(output), "columns": list(predicted.columns), **defaulted})
    else:
        tell(f"{predicted.rows:,} predictions written to {output}")
        for name, count in predicted.defaulted.items():
            if count:
                tell(f"{name}: {count:,} rows were predicted with its declared default {predictor.defaults.values[name]!r}")
    return 0
