"""`ymltrain schema`: the JSON Schemas of the installed plugin set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.catalog.catalog import Catalog

OWN = "ymltrain"


@click.command("schema", epilog=examples("ymltrain schema > recipe.schema.json", "ymltrain schema model mlp"))
@click.argument("kind", required=False)
@click.argument("name", required=False)
@click.option(
    "--write", "write_to", type=click.Path(path_type=Path), metavar="DIR", help="Write the schemas of ymltrain itself there."
)
@click.option(
    "--check", "check_in", type=click.Path(path_type=Path), metavar="DIR", help="Exit 2 unless the schemas there are current."
)
@common_options
def command(
    kind: str | None,
    name: str | None,
    write_to: Path | None,
    check_in: Path | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Print the JSON Schema of recipes for the plugins that are installed here.

    With KIND and NAME, of that plugin's params; with KIND `plan`, of plans.
    """
    del workspace, as_json
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.compiler.schemas import plan_schema, recipe_schema
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    catalog = Catalog.installed(plugins)
    if write_to is not None or check_in is not None:
        return _write_or_check(catalog, write_to, check_in)
    if kind is None:
        write_json(recipe_schema(catalog))
        report.show_broken(catalog.load_all())
    elif kind == "plan":
        write_json(plan_schema())
    elif name is None:
        raise click.UsageError(f"name a {kind}: {', '.join(catalog.names(kind)) or 'none is installed'}")
    else:
        write_json(catalog.load(kind, name).schema())
    return 0


def _write_or_check(catalog: Catalog, write_to: Path | None, check_in: Path | None) -> int:
    from ymltrain.diagnostics import UsageError
    from ymltrain.report.console import say

    files = _own_schemas(catalog.only(OWN))
    if write_to is not None:
        for path, content in files.items():
            (write_to / path).parent.mkdir(parents=True, exist_ok=True)
            (write_to / path).write_bytes(content)
        say(f"{len(files)} schemas written to {write_to}")
        return 0
    assert check_in is not None
    there = {path.relative_to(check_in).as_posix() for path in check_in.rglob("*.schema.json")}
    stale = sorted(path for path in files.keys() | there if not _is_current(check_in / path, files.get(path)))
    if stale:
        raise UsageError(
            "YT805", f"not current in {check_in}: {', '.join(stale)}", f"write them: ymltrain schema --write {check_in}"
        )
    say(f"{len(files)} schemas are current")
    return 0


def _own_schemas(catalog: Catalog) -> dict[str, bytes]:
    """Path → content of each schema that ymltrain ships."""
    import msgspec

    from ymltrain.bundle.contract import contract_schema
    from ymltrain.compiler.schemas import plan_schema, plugin_schemas, recipe_schema
    from ymltrain.export.contract import preprocessing_schema

    documents = {
        "recipe.schema.json": recipe_schema(catalog),
        "plan.schema.json": plan_schema(),
        "bundle.schema.json": contract_schema(),
        "preprocessing.schema.json": preprocessing_schema(),
    }
    for (kind, name), schema in plugin_schemas(catalog).items():
        documents[f"plugins/{kind}/{name}.schema.json"] = schema
    return {
        path: msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2) + b"\n"
        for path, document in documents.items()
    }


def _is_current(path: Path, content: bytes | None) -> bool:
    return content is not None and path.is_file() and path.read_bytes() == content
