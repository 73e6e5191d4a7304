"""Curves of many runs or trials, one chart a metric, under shared controls: smoothing, axes, which runs are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ymltrain.report.html.parts import Charts, chart_box
from ymltrain.report.text import escape, escape_for_chart, shorten

POINTS_OF_A_PAGE = 300_000
MOST_POINTS, FEWEST_POINTS = 2_000, 60
CHART_HEIGHT = 280


@dataclass(frozen=True)
class Curve:
    """The values of one metric in one run (by its number among the labels), over each of the shared axes."""

    run: int
    axes: Mapping[str, Sequence[float]]
    values: Sequence[float | None]


@dataclass(frozen=True)
class CurvesChart:
    """All curves of one metric."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Curves:
    """Charts that share their controls. `axes` names what may stand below, in the order of the choice.

    A curve with more points than the page has room for keeps the extremes of each stretch.
    """

    labels: Sequence[str]
    charts: Sequence[CurvesChart]
    axes: Sequence[str] = ("step",)
    details: Sequence[str] = field(default=())

    def to_html(self, charts: Charts) -> str:
        count = sum(len(chart.curves) for chart in self.charts)
        limit = max(FEWEST_POINTS, min(MOST_POINTS, POINTS_OF_A_PAGE // max(count, 1)))
        numbers = [charts.place(self._spec(chart, limit)) for chart in self.charts]
        boxes = "".join(chart_box(chart.title, number, CHART_HEIGHT) for number, chart in zip(numbers, self.charts, strict=True))
        return f'<div class="curves">{self._controls()}<div class="grid">{boxes}</div></div>'

    def _controls(self) -> str:
        axes = "".join(f'<option value="{number}">{escape(name)}</option>' for number, name in enumerate(self.axes))
        details = [*self.details, *[""] * (len(self.labels) - len(self.details))]
        runs = "".join(
            f'<label class="run" title="{escape(f"{label} {detail}".strip())}"><input type="checkbox" checked data-run="{number}">'
            f'<span class="swatch"></span><span class="name">{escape(shorten(label))}</span>'
            f'<span class="muted">{escape(detail)}</span></label>'
            for number, (label, detail) in enumerate(zip(self.labels, details, strict=True))
        )
        return (
            '<form class="controls" autocomplete="off">'
            "<label>smoothing "
            '<input type="range" class="smooth" min="0" max="0.99" step="0.01" value="0"><output>0</output></label>'
            f'<label>over <select class="axis">{axes}</select></label>'
            '<label><input type="checkbox" class="log-y"> log y</label>'
            '<label><input type="checkbox" class="log-x"> log x</label>'
            '<input type="search" class="run-filter" placeholder="show runs with…" aria-label="show runs with">'
            f'<fieldset class="runs"><legend class="visually-hidden">runs</legend>{runs}</fieldset></form>'
        )

    def _spec(self, chart: CurvesChart, limit: int) -> dict[str, Any]:
        curves = []
        for curve in chart.curves:
            kept = decimate(curve.values, limit)
            curves.append(
                {
                    "run": curve.run,
                    "values": [_rounded(curve.values[place]) for place in kept],
                    "axes": [[_rounded(curve.axes[name][place]) for place in kept] for name in self.axes],
                }
            )
        labels, axes = ([escape_for_chart(shorten(text)) for text in texts] for texts in (self.labels, self.axes))
        return {"kind": "curves", "curves": curves, "labels": labels, "axes": axes}


def decimate(values: Sequence[float | None], limit: int) -> list[int]:
    """Which values to keep so that at most `limit` remain: of each stretch its lowest and its highest, and both ends."""
    count = len(values)
    if count <= limit:
        return list(range(count))
    stretches = max(1, (limit - 2) // 2)
    kept = {0, count - 1}
    for stretch in range(stretches):
        places = range(stretch * count // stretches, (stretch + 1) * count // stretches)
        known = [place for place in places if values[place] is not None]
        if known:
            kept.add(min(known, key=lambda place: values[place] or 0.0))
            kept.add(max(known, key=lambda place: values[place] or 0.0))
    return sorted(kept)


def _rounded(value: float | None) -> float | None:
    """Seven digits are more than a screen shows, and half the bytes."""
    return None if value is None else float(f"{value:.7g}")
