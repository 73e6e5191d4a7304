"""`ymltrain serve`: a reference server that writes the log which `skew check` reads."""

from __future__ import annotations

import os
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.serving.models import ServedModel

NEEDED = ("starlette", "uvicorn", "prometheus_client")


@click.command("serve", epilog=examples("ymltrain serve diamonds-price@champion --log logs/price"))
@click.argument("model")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--log", type=click.Path(path_type=Path), metavar="DIR", help="Write a serving log there.")
@click.option("--log-sample", default=1.0, show_default=True, type=click.FloatRange(0, 1), help="The share of requests logged.")
@click.option("--log-rotate-mb", default=64, show_default=True, type=click.IntRange(1), help="Begin another file at this size.")
@click.option("--log-keep", default=100, show_default=True, type=click.IntRange(1), help="How many files of the log are kept.")
@click.option(
    "--refresh", default=5.0, show_default=True, type=click.FloatRange(0), help="Seconds between looks at an alias; 0 never."
)
@click.option("--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default.")
@common_options
def command(
    model: str,
    host: str,
    port: int,
    log: Path | None,
    log_sample: float,
    log_rotate_mb: int,
    log_keep: int,
    refresh: float,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Serve MODEL over HTTP until SIGTERM or Ctrl-C, which answer what has arrived and end.

    POST /predict takes one row or {"rows": [...]} and refuses what breaks the contract, naming the fields. An alias
    that moves is followed without a dropped request. /health, /metrics (Prometheus) and /openapi.json tell the rest.
    """
    from ymltrain.diagnostics import UsageError

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError("YT993", f"serving needs {', '.join(missing)}", "pip install 'ymltrain[serve]'")
    import uvicorn

    from ymltrain.report.console import say, write_json
    from ymltrain.serving.app import ServerParts, make_app
    from ymltrain.serving.log import ServingLog

    served = _served_model(model, registry_url, plugins, workspace)
    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    writer = None
    if log is not None:
        writer = ServingLog(log, sample=log_sample, rotate_bytes=log_rotate_mb << 20, keep_files=log_keep)
    follows = refresh if "@" in model else 0.0
    app = make_app(ServerParts(served, writer, follows))
    if as_json:
        write_json({"url": url, "model": served.current.version, "bundle": served.current.stamp.bundle})
    say(f"serving {served.current.version} at {url}" + (f", logging to {log}" if log is not None else ""))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises what ended it once more, when all is answered
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=30))
    server.run(sockets=[listening])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    from ymltrain.diagnostics import UsageError

    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise UsageError("YT994", f"cannot listen on {host}:{port}: {error.strerror or error}", "choose another --port") from None


def _served_model(model: str, registry_url: str | None, plugins: tuple[Path, ...], workspace: Path | None) -> ServedModel:
    """The model, and how a newer version of its name is found and loaded."""
    from ymltrain.bundle.predictor import load_table_bundle
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.loading import locate_bundle, open_registry
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import say
    from ymltrain.serving.models import LoadedModel, ServedModel

    catalog, place = Catalog.installed(plugins), find_workspace(workspace)
    registry = open_registry(place, catalog, registry_url) if "@" in model else None

    def find() -> str:
        if registry is None:
            return model
        version = registry.resolve(model)
        return f"{version.model}@{version.version}"

    def load(version: str) -> LoadedModel:
        bundle = locate_bundle(version, place, catalog, registry_url)
        return LoadedModel.of(load_table_bundle(bundle, catalog, os.environ, "`ymltrain serve`"), version)

    return ServedModel(find, load, lambda message: say(f"warning: {message}"))
