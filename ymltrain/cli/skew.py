"""`ymltrain skew`: training-serving skew found, explained and replayed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.bundle.predictor import Predictor
    from ymltrain.skew.check import Checked
    from ymltrain.skew.profile import Profile
    from ymltrain.skew.settings import CheckSettings

_PATH = click.Path(path_type=Path)

_model_option = click.option(
    "--model", required=True, metavar="MODEL", help="name@alias, name@3, name@sha256:…, a run, or a bundle."
)
_log_option = click.option(
    "--log", "logs", required=True, multiple=True, type=_PATH, metavar="LOG", help="A serving log, or a folder of them; may repeat."
)
_registry_option = click.option(
    "--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default."
)


@click.group("skew", epilog=examples("ymltrain skew check --model diamonds-price@champion --log logs/"))
def command() -> None:
    """Find and explain training-serving skew."""


@command.command("check", epilog=examples("ymltrain skew check --model diamonds-price@champion --log logs/ --html skew.html"))
@_model_option
@_log_option
@click.option("--labels", type=_PATH, metavar="FILE", help="A table of request_id and label, for labels that came later.")
@click.option("--backfill", type=_PATH, metavar="FILE", help="A table of request_id and input columns as computed afterwards.")
@click.option("--budget", type=click.FloatRange(0, 1000, min_open=True), metavar="N", help="False alarms allowed per 1,000 checks.")
@click.option("--min-effect", type=click.FloatRange(0, 1), metavar="D", help="The least distance that matters.")
@click.option("--replay-rows", type=click.IntRange(0), metavar="N", help="How many records are replayed.")
@click.option("--windows", type=click.IntRange(1, 48), default=1, metavar="N", help="Give a verdict on each of N stretches too.")
@click.option("--holdout", metavar="FIELD=VALUE", help="What marks held-out traffic in the log; traffic=holdout by default.")
@click.option("--html", type=_PATH, metavar="FILE", help="Write a report for people there.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Write the JSON document there.")
@_registry_option
@common_options
def check(
    model: str,
    logs: tuple[Path, ...],
    labels: Path | None,
    backfill: Path | None,
    budget: float | None,
    min_effect: float | None,
    replay_rows: int | None,
    windows: int,
    holdout: str | None,
    html: Path | None,
    output: Path | None,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Check a serving log against a model's bundle, and name what is wrong.

    LOG is JSON lines or Parquet as `ymltrain serve` writes them, a table of raw input columns, or a profile that
    `skew profile` made. The verdict is ok (exit 0), drift (exit 3: the world moved, or a change that the log cannot
    prove) or fault (exit 4: an engineering fault that the log proves).
    """
    from ymltrain.cli.skew_question import ask, changed_settings
    from ymltrain.report.console import write_json
    from ymltrain.skew.check import check as check_log
    from ymltrain.skew.findings import EXIT_CODES

    predictor, folder = _open(model, registry_url, plugins, workspace)
    reference, settings = _reference(folder)
    settings = changed_settings(settings, budget, min_effect, replay_rows)
    question = ask(logs, labels, backfill, windows, holdout, settings)
    checked = check_log(predictor, reference, question)
    _write_reports(checked, html, output)
    if as_json:
        write_json(checked.report)
    else:
        from ymltrain.report.skew import show_check

        show_check(checked)
    return EXIT_CODES[checked.report.verdict]


@command.command(
    "profile", epilog=examples("ymltrain skew profile --model diamonds-price@champion --log monday.jsonl -o monday.profile.json")
)
@_model_option
@_log_option
@click.option("-o", "--output", required=True, type=_PATH, metavar="FILE", help="Where the profile goes.")
@_registry_option
@common_options
def profile(
    model: str,
    logs: tuple[Path, ...],
    output: Path,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Summarise a log once: profiles of logs add up exactly, and `skew check --log` takes them.

    Given several profiles, adds them up. A profile holds counts and no rows, so nothing can be replayed from it.
    """
    from ymltrain.cli.skew_question import make_log_profile
    from ymltrain.report.console import tell, write_json
    from ymltrain.skew.log_profile import write_log_profile

    predictor, folder = _open(model, registry_url, plugins, workspace)
    reference, _ = _reference(folder)
    found = make_log_profile(predictor, reference, logs)
    _write(output, write_log_profile(found))
    if as_json:
        write_json({"rows": found.rows, "output": str(output), "features": sorted(found.features)})
    else:
        tell(f"{found.rows:,} records summarised in {output}")
    return 0


@command.command(
    "explain", epilog=examples("ymltrain skew explain row-000000017 --model diamonds-price@champion --log served.jsonl")
)
@click.argument("request_id", metavar="REQUEST_ID")
@_model_option
@_log_option
@_registry_option
@common_options
def explain(
    request_id: str,
    model: str,
    logs: tuple[Path, ...],
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Show one request step by step: raw input, encoding, network, prediction; expected beside served.

    Exits 4 when a step differs, and names the first.
    """
    from ymltrain.report.console import write_json
    from ymltrain.report.skew_request import show_request
    from ymltrain.skew.explain import explain_request
    from ymltrain.skew.log import log_files

    predictor, folder = _open(model, registry_url, plugins, workspace)
    _, settings = _reference(folder)
    explained = explain_request(log_files(logs), predictor, request_id, settings)
    if as_json:
        write_json(explained)
    else:
        show_request(explained)
    return 4 if explained.first_difference is not None else 0


@command.command(
    "replay",
    epilog=examples("ymltrain skew replay --model price@champion --against price@challenger --log served.jsonl -o replayed.jsonl"),
)
@_model_option
@_log_option
@click.option("--against", metavar="MODEL", help="Another version, whose predictions are set beside.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Where the predictions go: .csv, .parquet or .jsonl.")
@_registry_option
@common_options
def replay(
    model: str,
    logs: tuple[Path, ...],
    against: str | None,
    output: Path | None,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Run the inputs of a log through a version, and set its predictions beside those served, or another version's."""
    from ymltrain.report.console import write_json
    from ymltrain.report.skew_replay import show_replay
    from ymltrain.skew.log import log_files
    from ymltrain.skew.rerun import rerun

    predictor, _ = _open(model, registry_url, plugins, workspace)
    other = None if against is None else _open(against, registry_url, plugins, workspace)[0]
    replayed = rerun(log_files(logs), predictor, other, output)
    if as_json:
        write_json(replayed)
    else:
        show_replay(replayed)
    return 0


def _open(model: str, registry_url: str | None, plugins: tuple[Path, ...], workspace: Path | None) -> tuple[Predictor, Path]:
    from ymltrain.bundle.predictor import load_table_bundle
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.loading import locate_bundle
    from ymltrain.record.workspace import find_workspace

    catalog = Catalog.installed(plugins)
    folder = locate_bundle(model, find_workspace(workspace), catalog, registry_url)
    return load_table_bundle(folder, catalog, os.environ, "`ymltrain skew`"), folder


def _reference(folder: Path) -> tuple[Profile | None, CheckSettings]:
    """The bundle's profile and the settings of its recipe; none and defaults where it has no profile."""
    from ymltrain.bundle.contract import PROFILE_FILE
    from ymltrain.skew.profile import read_profile
    from ymltrain.skew.settings import CheckSettings

    path = folder / PROFILE_FILE
    if not path.is_file():
        return None, CheckSettings()
    found = read_profile(path)
    return found, found.settings


def _write_reports(checked: Checked, html: Path | None, output: Path | None) -> None:
    import msgspec

    if output is not None:
        _write(output, msgspec.json.format(msgspec.json.encode(checked.report, order="deterministic"), indent=2) + b"\n")
    if html is not None:
        from ymltrain.report.skew_page import skew_page

        _write(html, skew_page(checked).encode())


def _write(path: Path, content: bytes) -> None:
    from ymltrain.diagnostics import UsageError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError("YT819", f"{path} cannot be written: {error.strerror}", "choose another place") from None
