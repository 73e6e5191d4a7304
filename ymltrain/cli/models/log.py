"""`ymltrain models log`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("log", epilog=examples("ymltrain models log diamonds-price", "ymltrain models log diamonds-price --at 2026-03-03"))
@click.argument("name")
@click.option("--at", metavar="TIME", help="Show the model as it was at the end of this day, or at this time (UTC unless it says).")
@registry_options
def command(name: str, at: str | None, place: Place, *, as_json: bool) -> int:
    """Show all that happened to a model: who did what, when and why, the gates' outcomes included."""
    from ymltrain.report.console import write_json
    from ymltrain.report.model_log import events_as_json, show_events
    from ymltrain.report.models import model_as_json, show_model

    registry = place.open()
    if at is not None:
        state = registry.show(name, at=_moment(at))
        if as_json:
            write_json(model_as_json(state))
        else:
            show_model(state)
        return 0
    events = registry.events(name)
    if as_json:
        write_json(events_as_json(events))
    else:
        show_events(events)
    return 0


def _moment(text: str) -> datetime:
    """A time, or the last moment of a day."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--at {text}: write a day as 2026-03-03, or a time as 2026-03-03T12:00:00") from None
    if len(text) == len("2026-03-03"):
        moment += timedelta(days=1, microseconds=-1)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
