"""A record told again to a tracker, from its first event to its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import RunError, UsageError
from ymltrain.kinds.contracts import Tracker
from ymltrain.plan.events import ArtifactWritten, MetricsLogged, RunEvent
from ymltrain.plan.secrets import resolve_secrets
from ymltrain.recipe.scalars import ScalarError, read_scalar
from ymltrain.record.directory import RunDirectory
from ymltrain.record.drawings import read_drawings
from ymltrain.record.points import MetricPoint, read_metrics
from ymltrain.record.status import run_status
from ymltrain.record.summary import flat_params, resolved_recipe


def build_tracker(catalog: Catalog, name: str, params: Sequence[str], environment: Mapping[str, str]) -> Tracker:
    """The tracker plugin with params as they were given on the command line. Raises PluginError, UsageError YT847."""
    loaded = catalog.load("tracker", name)
    given = {}
    for word in params:
        key, sign, value = word.partition("=")
        if not sign:
            raise UsageError("YT847", f'"{word}" is no param of the tracker', "write KEY=VALUE")
        try:
            given[key] = read_scalar(value)
        except ScalarError as error:
            raise UsageError("YT847", f"{key}: {error}", "write KEY=VALUE as a recipe would") from None
    try:
        built = msgspec.convert(resolve_secrets(given, environment), loaded.params)
    except msgspec.ValidationError as error:
        known = ", ".join(loaded.params.__struct_fields__) or "none"
        raise UsageError("YT847", f"the params do not fit the tracker {name}: {error}", f"its params: {known}") from None
    tracker: Tracker = loaded.implementation(built)
    return tracker


def replay(run: RunDirectory, name: str, tracker: Tracker) -> int:
    """Tell a tracker all of a run; gives the number of values. Raises RunError YT963 when the tracker fails."""
    points = read_metrics(run)
    try:
        tracker.start(run.run_id, run.name, run.path, flat_params(resolved_recipe(run)))
        for event in _events(run, points):
            tracker.observe(event)
        tracker.finish(run_status(run))
    except Exception as error:
        message = f"the tracker {name} failed: {type(error).__name__}: {error}"
        raise RunError("YT963", message, "mend it and export again; the record is as it was") from error
    return len(points)


def _events(run: RunDirectory, points: Sequence[MetricPoint]) -> Iterator[RunEvent]:
    """Values logged together as one event, what was drawn when its step came; at the end the bundle, when there is one."""
    drawings = deque(read_drawings(run))
    for (step, epoch, time), together in groupby(points, key=lambda point: (point.step, point.epoch, point.time)):
        while drawings and drawings[0].step <= step:
            yield drawings.popleft()
        yield MetricsLogged(step=step, epoch=epoch, time=time, values={point.name: point.value for point in together})
    yield from drawings
    if run.bundle.is_dir():
        yield ArtifactWritten(path=run.bundle, role="bundle")
