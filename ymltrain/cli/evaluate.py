"""`ymltrain evaluate`: how well a model does on rows, beside baselines, in slices, with intervals."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command(
    "evaluate",
    epilog=examples(
        "ymltrain evaluate diamonds-price@champion new.csv --slice cut --slice carat=0,1,2,5",
        "ymltrain evaluate latest new.parquet -o evaluation.html",
    ),
)
@click.argument("model")
@click.argument("data")
@click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="COLUMN[=EDGES]",
    help="Cut the rows by this column, or by its numbers at these edges (0,1,2,5); instead of the recipe's slices.",
)
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Measure by this metric instead of the recipe's.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="LEVEL", help="The level of intervals; 0.95."
)
@click.option(
    "--resamples", type=click.IntRange(0, 100_000), metavar="N", help="Draws of the bootstrap; 1000 by default, 0 for no intervals."
)
@click.option("--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", help="The seed of these draws; by default the model's.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the evaluation there too: as a page with charts (.html) or as the document of --json (.json).",
)
@click.option("--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default.")
@common_options
def command(
    model: str,
    data: str,
    slices: tuple[str, ...],
    metrics: tuple[str, ...],
    confidence: float | None,
    resamples: int | None,
    seed: int | None,
    output: Path | None,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Measure MODEL on every row of DATA that has a target: metrics with intervals, beside baselines, slice by slice.

    MODEL is name@alias, name@3, name@sha256:…, a run, or a bundle folder. DATA is a file, a folder, a pattern or a URL, or a
    datasource as recipes write it; it is read the way the training data were. Metrics, slices and intervals are those of the
    recipe unless options say otherwise. The baselines learned from the rows that the model was trained on.
    """
    from ymltrain.cli.evaluation_question import Asked, ask, check_output
    from ymltrain.report.console import write_json
    from ymltrain.report.evaluation import evaluation_as_json, show_evaluation, write_evaluation

    check_output(output)
    asked = Asked(model, data, slices, metrics, confidence, resamples, seed, registry_url)
    record = ask(asked, plugins, workspace, os.environ)
    if output is not None:
        write_evaluation(output, record)
    if as_json:
        write_json(evaluation_as_json(record))
    else:
        show_evaluation(record, output)
    return 0
