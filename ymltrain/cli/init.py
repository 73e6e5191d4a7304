"""`ymltrain init`: a first recipe for a table."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

ROWS = 1_000_000


@click.command("init", epilog=examples("ymltrain init recipes/data/diamonds.csv --target price -o prices.yaml"))
@click.argument("data")
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option(
    "-o",
    "--output",
    default="recipe.yaml",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Where the recipe goes, recipe.yaml by default; - prints it.",
)
@click.option(
    "--rows", type=click.IntRange(min=1), default=ROWS, metavar="N", help="Look at the first N rows; 1,000,000 by default."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@common_options
def command(
    data: str,
    target: str,
    output: Path,
    rows: int,
    force: bool,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Look at DATA and write a first recipe that predicts a column of it.

    DATA is a file, a folder, a pattern ("sales/*.parquet") or a URL, or a datasource as recipes write it ("{type: sql,
    table: sales}"). Encoding, delimiter, notation of numbers, words for missing values and types of columns are found by
    reading. The recipe says why each line is as it is, and how sure that is; it compiles, and `fit` runs it as it stands.
    """
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.drafting.draft import draft_recipe
    from ymltrain.drafting.writing import check_place, compiled_text, write_recipe
    from ymltrain.report.console import say, write_json, write_text
    from ymltrain.report.draft import draft_as_json, show_draft, summary_line

    del workspace
    is_printed = str(output) == "-"
    path = Path("recipe.yaml") if is_printed else output
    if not is_printed:
        check_place(path, replaces=force)
    catalog = Catalog.installed(plugins)
    draft = draft_recipe(data, target, catalog, os.environ, rows)
    text = compiled_text(draft, path, catalog, os.environ)
    if not is_printed:
        write_recipe(text, path, replaces=force)
    if as_json:
        write_json(draft_as_json(draft, None if is_printed else str(output), text))
    elif is_printed:
        write_text(text)
    else:
        show_draft(draft)
        say((summary_line(draft, str(output)), "green"))
    return 0
