"""An evaluation as a page, and as the part of a run's page: figures, slices, and the charts of its task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ymltrain.record.evaluation import Calibration, Confusion, Estimate, EvaluationRecord, Residuals, SliceFigures
from ymltrain.report.evaluation import FEW_ROWS, interval_text, interval_title, is_small, measured_on
from ymltrain.report.html import Chart, Fold, Marked, Page, Prose, Section, Table, bands, heatmap, histograms, lines, ranges
from ymltrain.report.html.parts import Cell, Part

ROW_HEIGHT, LEAST_HEIGHT = 26, 150
MOST_FIELDS = 12
"""A table of confusion with more classes is drawn larger."""


def evaluation_page(record: EvaluationRecord) -> Page:
    """The page of one evaluation."""
    of = "texts" if record.tokens else "rows with a target"
    part = "the test split" if record.part == "test" else f"all {of}"
    lead = f"{measured_on(record)}: {part} of the data {record.data[:19]}…"
    return Page(title=f"Evaluation of {record.model}", sections=list(evaluation_sections(record)), lead=lead)


def evaluation_sections(record: EvaluationRecord, prefix: str = "") -> Iterator[Section]:
    """Its sections; `prefix` tells those of several runs on one page apart."""
    yield Section(f"{prefix}Figures", [_figures(record), *_notes(record)])
    if record.slices:
        yield Section(f"{prefix}Slices", list(_slices(record)))
    charts = [*_confusions(record.confusion), *_calibrations(record.calibration, record)]
    if record.residuals is not None:
        charts += _residuals(record.residuals, record.target)
    if charts:
        yield Section(f"{prefix}Where it errs", charts)


def _figures(record: EvaluationRecord) -> Table:
    interval = [interval_title(record)] if record.resamples else []
    rows: list[list[Cell]] = []
    for name, estimate in record.metrics.items():
        bounds: list[Cell] = [_bounds(estimate)] if record.resamples else []
        scores = [_against(record, name, estimate, figures.get(name)) for figures in record.baselines.values()]
        rows.append([name, estimate.value, *bounds, *scores])
    return Table(["metric", "model", *interval, *(f"baseline: {name}" for name in record.baselines)], rows)


def _bounds(estimate: Estimate) -> str:
    """An interval that stays on one line."""
    return interval_text(estimate).replace(" ", "\u00a0")


def _against(record: EvaluationRecord, name: str, estimate: Estimate, rival: float | None) -> Cell:
    """A baseline's value, marked where it is better than the model's."""
    if rival is None or estimate.value is None or name not in record.goals:
        return rival
    worse = estimate.value > rival if record.goals[name] == "minimize" else estimate.value < rival
    return Marked(rival, "warn") if worse else rival


def _notes(record: EvaluationRecord) -> Iterator[Part]:
    told = []
    if record.tokens:
        told.append("Tokens and pairs of them were counted in the train texts; xz begins with the texts that are measured.")
    elif record.baselines:
        constant = "the mean of the train rows" if record.task == "regression" else "the shares of the train rows"
        told.append(f"Baselines learned from the train rows: {constant}, and a linear model of the same features.")
    if record.resamples:
        told.append(f"Intervals are percentiles of {record.resamples:,} bootstrap resamples of the rows (seed {record.seed}).")
    if record.rows_without_target and not record.tokens:
        told.append(f"{record.rows_without_target:,} rows without a target were left out.")
    if told:
        yield Prose(" ".join(told))


def _slices(record: EvaluationRecord) -> Iterator[Part]:
    first, *others = record.metrics
    interval = [interval_title(record)] if record.resamples else []
    rivals = [name for name in record.baselines if any(name in one.baselines for one in record.slices)]
    rows: list[list[Cell]] = []
    for one in record.slices:
        estimate = one.metrics[first]
        scores = [_against(record, first, estimate, one.baselines.get(name, {}).get(first)) for name in rivals]
        rows.append(
            [
                one.title,
                Marked(one.tokens or one.rows, "warn") if is_small(one) else one.tokens or one.rows,
                estimate.value,
                *([_bounds(estimate)] if record.resamples else []),
                *scores,
                *(one.metrics[name].value for name in others),
            ]
        )
    for column in dict.fromkeys(one.column for one in record.slices):
        mine = [one for one in record.slices if one.column == column and one.metrics[first].value is not None]
        many = [one for one in mine if not is_small(one)]
        if many:
            yield _slice_chart(record, column, many, first)
    yield Table(
        ["slice", "tokens" if record.tokens else "rows", first, *interval, *(f"{first}: {name}" for name in rivals), *others], rows
    )
    if any(is_small(one) for one in record.slices):
        yield Prose(
            f"Slices with fewer than {FEW_ROWS} {'tokens' if record.tokens else 'rows'} are marked: their figures say little."
        )


def _slice_chart(record: EvaluationRecord, column: str, slices: Sequence[SliceFigures], metric: str) -> Chart:
    count = sum(one.column == column for one in record.slices)
    names = [f"{one.name} ({one.tokens or one.rows:,})" for one in slices]
    model = [(one.metrics[metric].value, one.metrics[metric].low, one.metrics[metric].high) for one in slices]
    rivals = {name: [one.baselines.get(name, {}).get(metric) for one in slices] for name in record.baselines if name == "linear"}
    whole = record.metrics[metric].value
    figure = ranges(names, {"model": model}, marks=rivals, line=whole, value_title=metric)
    note = "The dotted line is the value on all rows." + (" Bars are the intervals." if record.resamples else "")
    note += f" Slices of fewer than {FEW_ROWS} rows are in the table only." if len(slices) < count else ""
    return Chart(figure, f"{metric} by {column}", max(LEAST_HEIGHT, 110 + ROW_HEIGHT * len(slices)), note)


def _confusions(tables: Sequence[Confusion]) -> Iterator[Part]:
    for table in tables:
        title = "Truth (down) and prediction (across)" + (f": {table.label}" if table.label is not None else "")
        shares = [[_share(count, sum(row)) for count in row] for row in table.counts]
        figure = heatmap(
            table.classes,
            table.classes,
            shares,
            x_title="predicted",
            y_title="true",
            texts=[list(map(_count, row)) for row in table.counts],
        )
        height = 120 + (44 if len(table.classes) <= MOST_FIELDS else 26) * len(table.classes)
        chart = Chart(
            figure, title, max(260, height), "Fields hold rows; the darker, the larger their share of the rows with that truth."
        )
        yield chart if len(tables) <= 4 else Fold(title, [chart])


def _count(value: int) -> str:
    return f"{value:,}"


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0


def _calibrations(curves: Sequence[Calibration], record: EvaluationRecord) -> Iterator[Part]:
    known = [curve for curve in curves if curve.bins]
    if not known:
        return
    is_number = record.task == "regression"
    series: dict[str, Any] = {}
    for curve in known:
        name = "model" if curve.label is None else curve.label
        series[name] = ([one.predicted for one in curve.bins], [one.observed for one in curve.bins])
    ends = [value for xs, ys in series.values() for value in (*xs, *ys)]
    low, high = (min(ends), max(ends)) if is_number else (0.0, 1.0)
    figure = lines(
        {**series, "as predicted": ([low, high], [low, high])},
        x_title=f"mean predicted {record.target}" if is_number else "mean predicted probability",
        y_title="mean truth" if is_number else "share of rows where it was true",
        mode="lines+markers",
        guides=("as predicted",),
    )
    note = "Each point is a tenth of the rows, by rising prediction. On the dashed line, predictions come true."
    yield Chart(figure, "Calibration", 360, note)


def _residuals(found: Residuals, target: str) -> Iterator[Part]:
    rows = sum(found.counts)
    yield Chart(
        histograms(found.edges, {"rows": [count / rows for count in found.counts]}, x_title=f"true less predicted {target}"),
        "Residuals",
        280,
        "The first and the last bar hold half a percent of the rows each, with all that lie farther out.",
    )
    quantiles = list(zip(*(one.quantiles for one in found.bins), strict=True))
    figure = bands(
        [one.predicted for one in found.bins],
        quantiles[2],
        {"5 % to 95 %": (quantiles[0], quantiles[4]), "25 % to 75 %": (quantiles[1], quantiles[3])},
        x_title=f"mean predicted {target}",
        y_title="true less predicted",
    )
    yield Chart(figure, "Residuals by prediction", 340, "Percentiles of the residuals in tenths of the rows, by rising prediction.")
