"""Figures as plain dicts, as plotly.js takes them (https://plotly.com/javascript/reference/): plotly itself is not imported.

A figure is `{"data": [trace, …], "layout": {…}}`. Colours, fonts and grid come from the page, which knows light from
dark. plotly.js reads a little markup in every text, so texts are escaped on their way out; what is meant as markup
(a template for the pointer's label) is a `Markup`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from ymltrain.report.text import escape_for_chart, shorten

Figure: TypeAlias = dict[str, Any]
Numbers: TypeAlias = Sequence[float | None]

GUIDE = "#8a8f98"
BAND = "rgba(59,142,208,0.22)"
LINES = [[0.0, "#3b8ed0"], [0.5, "#2ca58d"], [1.0, "#e0702a"]]
"""A scale for lines and points whose ends are seen on white and in the dark."""

HEAT = [[0, "rgba(59,142,208,0.05)"], [1, "rgba(59,142,208,0.95)"]]  # reads on light and dark grounds


class Markup(str):
    """A text of ours, never of a user, in which plotly.js's markup is meant as such."""

    __slots__ = ()


def escaped_figure(value: Any) -> Any:
    """A figure with every text in it escaped, except those that are `Markup`."""
    if isinstance(value, Markup):
        return str(value)
    if isinstance(value, str):
        return escape_for_chart(value)
    if isinstance(value, Mapping):
        return {key: escaped_figure(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [escaped_figure(entry) for entry in value]
    return value


def lines(  # noqa: PLR0913 - what a curve shows, all named
    series: Mapping[str, tuple[Numbers, Numbers]],
    *,
    x_title: str,
    y_title: str = "",
    mode: Literal["lines", "markers", "lines+markers"] = "lines",
    log: Sequence[Literal["x", "y"]] = (),
    guides: Sequence[str] = (),
) -> Figure:
    """Curves by name, each (x, y). Those among `guides` are thin dashed lines to compare the others with."""
    data: list[Figure] = [
        {"type": "scatter", "mode": mode, "name": shorten(name), "x": list(x), "y": list(y), "line": {"width": 2}}
        for name, (x, y) in series.items()
    ]
    for name, trace in zip(series, data, strict=True):
        if name in guides:
            trace |= {"mode": "lines", "line": {"width": 1.2, "dash": "dash", "color": GUIDE}, "hoverinfo": "skip"}
    return {"data": data, "layout": _axes(x_title, y_title, log)}


def points(  # noqa: PLR0913 - what a point shows, all named
    x: Numbers,
    y: Numbers,
    *,
    labels: Sequence[str] = (),
    x_title: str,
    y_title: str,
    colors: Numbers = (),
    color_title: str = "",
    log: Sequence[Literal["x", "y"]] = (),
) -> Figure:
    """One mark for each pair; `labels` are shown at the pointer, `colors` go along a scale."""
    marker: dict[str, Any] = {"size": 8, "opacity": 0.8}
    if colors:
        marker |= {"color": list(colors), "colorscale": LINES, "showscale": True, "colorbar": {"title": {"text": color_title}}}
    trace: Figure = {"type": "scatter", "mode": "markers", "x": list(x), "y": list(y), "marker": marker, "showlegend": False}
    if labels:
        trace |= {"text": [shorten(label) for label in labels], "hovertemplate": Markup("%{text}<br>%{x}, %{y}<extra></extra>")}
    return {"data": [trace], "layout": _axes(x_title, y_title, log)}


def bars(
    names: Sequence[str],
    series: Mapping[str, Numbers],
    *,
    value_title: str = "",
    errors: Mapping[str, Numbers] | None = None,
    horizontal: bool = False,
) -> Figure:
    """Bars for each name, those of several series beside each other. `errors` are half lengths of error bars.

    Horizontal ones read from the top, and suit long names.
    """
    along, across = ("y", "x") if horizontal else ("x", "y")
    data = []
    for name, values in series.items():
        trace: Figure = {"type": "bar", "name": shorten(name), along: list(range(len(names))), across: list(values)}
        if horizontal:
            trace["orientation"] = "h"
        if errors is not None and name in errors:
            trace[f"error_{across}"] = {"type": "data", "array": list(errors[name]), "thickness": 1.2}
        data.append(trace)
    axis: Figure = {"tickvals": list(range(len(names))), "ticktext": [shorten(name, 28) for name in names], "automargin": True}
    if horizontal:
        axis["autorange"] = "reversed"
    layout = {f"{along}axis": axis, f"{across}axis": {"title": {"text": value_title}}, "barmode": "group"}
    return {"data": data, "layout": {**layout, "showlegend": len(series) > 1}}


def bands(x: Numbers, middle: Numbers, around: Mapping[str, tuple[Numbers, Numbers]], *, x_title: str, y_title: str = "") -> Figure:
    """A curve within bands (lower and upper bounds by name, the widest first), and a line at zero."""
    data: list[Figure] = []
    for name, (low, high) in around.items():
        edge = {"type": "scatter", "mode": "lines", "x": list(x), "line": {"width": 0}, "hoverinfo": "skip"}
        data.append(edge | {"y": list(low), "showlegend": False})
        data.append(edge | {"y": list(high), "name": shorten(name), "fill": "tonexty", "fillcolor": BAND})
    curve = {"type": "scatter", "mode": "lines+markers", "name": "median", "x": list(x), "y": list(middle)}
    data.append(curve | {"line": {"width": 2, "color": "#3b8ed0"}})
    dashed = {"width": 1.2, "dash": "dash", "color": GUIDE}
    rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": dashed}
    return {"data": data, "layout": {**_axes(x_title, y_title, ()), "shapes": [rule]}}


def ranges(
    names: Sequence[str],
    series: Mapping[str, Sequence[tuple[float | None, float | None, float | None]]],
    *,
    marks: Mapping[str, Numbers],
    line: float | None = None,
    value_title: str = "",
) -> Figure:
    """For each name, from the top, a point with its interval (value, low, high) in each series, and further marks beside it.

    `line` is a value that all are compared with.
    """
    places = list(range(len(names)))
    data: list[Figure] = []
    for name, triples in series.items():
        bounds = [(value, low, high) if None not in (value, low, high) else (0.0, 0.0, 0.0) for value, low, high in triples]
        error = {
            "type": "data",
            "symmetric": False,
            "array": [float(high or 0) - float(value or 0) for value, _, high in bounds],
            "arrayminus": [float(value or 0) - float(low or 0) for value, low, _ in bounds],
            "thickness": 1.6,
            "width": 4,
        }
        trace = {"type": "scatter", "mode": "markers", "name": shorten(name), "x": [triple[0] for triple in triples], "y": places}
        data.append(trace | {"marker": {"size": 9}, "error_x": error})
    for name, values in marks.items():
        mark = {"size": 9, "symbol": "diamond-open", "color": GUIDE, "line": {"width": 1.6}}
        data.append({"type": "scatter", "mode": "markers", "name": shorten(name), "x": list(values), "y": places, "marker": mark})
    for trace in data:
        trace["hovertemplate"] = Markup("%{x:.5~g}<extra>%{fullData.name}</extra>")
    layout = _axes(value_title, "", ())
    layout["yaxis"] |= {"tickvals": places, "ticktext": [shorten(name, 28) for name in names], "range": [len(names) - 0.4, -0.6]}
    if line is not None:
        rule = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": line, "x1": line}
        layout["shapes"] = [rule | {"line": {"width": 1.2, "dash": "dot", "color": GUIDE}}]
    return {"data": data, "layout": {**layout, "showlegend": len(data) > 1}}


def histograms(edges: Sequence[float], series: Mapping[str, Numbers], *, x_title: str, y_title: str = "share of rows") -> Figure:
    """Counts or shares between the same edges (one more than values), laid over each other."""
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    widths = [high - low for low, high in pairwise(edges)]
    data = [
        {"type": "bar", "name": shorten(name), "x": middles, "width": widths, "y": list(values), "opacity": 0.55}
        for name, values in series.items()
    ]
    return {"data": data, "layout": {**_axes(x_title, y_title, ()), "barmode": "overlay", "bargap": 0}}


def heatmap(  # noqa: PLR0913 - what a field shows, all named
    columns: Sequence[str],
    rows: Sequence[str],
    values: Sequence[Numbers],
    *,
    x_title: str = "",
    y_title: str = "",
    texts: Sequence[Sequence[str]] = (),
) -> Figure:
    """A number for each row and column, written in its field (or `texts` in its place): a confusion matrix, correlations."""
    trace: Figure = {
        "type": "heatmap",
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "z": [list(row) for row in values],
        "colorscale": HEAT,
        "texttemplate": Markup("%{z:.4~g}"),
        "hovertemplate": Markup("%{z}<extra></extra>"),
        "showscale": False,
    }
    if texts:
        trace |= {"text": [list(row) for row in texts], "texttemplate": Markup("%{text}"), "zmin": 0, "zmax": 1}
        trace["hovertemplate"] = Markup("%{text} (%{z:.1%})<extra></extra>")
    layout = _axes(x_title, y_title, ())
    layout["xaxis"] |= {"tickvals": trace["x"], "ticktext": [shorten(name, 20) for name in columns]}
    layout["yaxis"] |= {"tickvals": trace["y"], "ticktext": [shorten(name, 20) for name in rows], "autorange": "reversed"}
    return {"data": [trace], "layout": layout}


@dataclass(frozen=True)
class Dimension:
    """One axis of parallel coordinates: a value for each line, numbers or texts; None where a line has none."""

    name: str
    values: Sequence[str | float | None]
    is_log: bool = False


def parallel_coordinates(dimensions: Sequence[Dimension], *, colors: Numbers, color_title: str) -> Figure:
    """One line across all axes for each run or trial, coloured by a number. Dragging along an axis filters."""
    known = [color for color in colors if color is not None and math.isfinite(color)]
    lowest = min(known, default=0.0)
    trace = {
        "type": "parcoords",
        "dimensions": [_parallel_axis(dimension) for dimension in dimensions],
        "line": {
            "color": [color if color is not None and math.isfinite(color) else lowest for color in colors],
            "colorscale": LINES,
            "showscale": True,
            "colorbar": {"title": {"text": shorten(color_title, 28)}, "thickness": 12},
        },
        "labelangle": -20,
        "labelside": "bottom",
    }
    return {"data": [trace], "layout": {"margin": {"l": 90, "r": 40, "t": 30, "b": 90}}}


def _parallel_axis(dimension: Dimension) -> Figure:
    label = shorten(dimension.name, 28)
    numbers = [value for value in dimension.values if isinstance(value, int | float) and not isinstance(value, bool)]
    present = [value for value in dimension.values if value is not None]
    if len(numbers) < len(present) or not numbers or not all(map(math.isfinite, numbers)):
        return _category_axis(label, dimension.values)
    if dimension.is_log and min(numbers) > 0:
        values = [None if value is None else math.log10(float(value)) for value in dimension.values]
        return _number_axis(label, values, is_log=True)
    return _number_axis(label, [None if value is None else float(value) for value in dimension.values], is_log=False)


def _category_axis(label: str, values: Sequence[str | float | None]) -> Figure:
    texts = ["—" if value is None else str(value) for value in values]
    places = {text: place for place, text in enumerate(sorted(set(texts)))}
    return {
        "label": label,
        "values": [places[text] for text in texts],
        "range": [-0.2, max(len(places) - 1, 0) + 0.2],
        "tickvals": list(places.values()),
        "ticktext": [shorten(text, 20) for text in places],
    }


def _number_axis(label: str, values: Sequence[float | None], *, is_log: bool) -> Figure:
    """Numbers in their own range; lines without a value run below all others."""
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    span = (high - low) or abs(high) or 1.0
    below = low - 0.12 * span
    lacks = len(known) < len(values)
    axis: Figure = {
        "label": label,
        "values": [below if value is None else value for value in values],
        "range": [below if lacks else low - 0.03 * span, high + 0.03 * span],
    }
    if is_log or lacks:
        ticks = [low + span * share / 4 for share in range(5)] if high > low else [low]
        texts = [f"{10**tick if is_log else tick:.3g}" for tick in ticks]
        axis["tickvals"] = [below, *ticks] if lacks else ticks
        axis["ticktext"] = ["—", *texts] if lacks else texts
    return axis


def _axes(x_title: str, y_title: str, log: Sequence[str]) -> Figure:
    return {
        f"{axis}axis": {"title": {"text": shorten(title)}, **({"type": "log"} if axis in log else {}), "automargin": True}
        for axis, title in (("x", x_title), ("y", y_title))
    }
