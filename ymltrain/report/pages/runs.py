"""Runs as one page: curves, parallel coordinates, what differs, and for each run provenance and artifacts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ymltrain.record.artifacts import read_artifacts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.evaluation import read_evaluation
from ymltrain.record.grouping import differing, group_repeats, telling
from ymltrain.record.points import MetricPoint, read_history
from ymltrain.record.system import read_system
from ymltrain.record.ulid import short_ids
from ymltrain.report.compare import group_table
from ymltrain.report.html import (
    Chart,
    Curve,
    Curves,
    CurvesChart,
    Dimension,
    Facts,
    Fold,
    Listing,
    Marked,
    Page,
    Prose,
    Section,
    Table,
    lines,
    parallel_coordinates,
)
from ymltrain.report.html.parts import Cell, Part, Tone
from ymltrain.report.numbers import chosen, figure, seconds, size
from ymltrain.report.pages.evaluation import evaluation_sections
from ymltrain.report.settings import value_text
from ymltrain.report.text import shorten
from ymltrain.reproduce.circumstances import read_provenance

AXES = ("step", "epoch", "seconds")
MOST_DIMENSIONS = 12
MOST_SECTIONS = 8
"""Of more runs than these, details are folded up in one section, so that the contents stay short."""
LARGEST_TEXT = 200_000
TONES: Mapping[str, Tone] = {"done": "good", "failed": "bad", "crashed": "bad", "damaged": "bad", "running": "warn"}


@dataclass(frozen=True)
class ReportedRun:
    """A run on the page: its directory, its summary, and what tells it from the others in a legend."""

    run: RunDirectory
    summary: Mapping[str, Any]
    label: str = ""


def labelled(runs: Sequence[ReportedRun]) -> list[ReportedRun]:
    """The runs with labels: the beginning of the id and, where runs of several recipes meet, the name before it."""
    ids = short_ids([found.run.run_id for found in runs])
    is_one_name = len({found.summary["name"] for found in runs}) == 1
    names = ["" if is_one_name else f"{shorten(found.summary['name'], 40)} " for found in runs]
    return [replace(found, label=name + run_id) for found, name, run_id in zip(runs, names, ids, strict=True)]


def runs_page(runs: Sequence[ReportedRun]) -> Page:
    """The page of one run or of many."""
    runs = labelled(runs)
    histories = [read_history(found.run) for found in runs]
    sections = [Section("Runs", [_overview(runs), *_damage(runs, histories)])]
    if len(runs) > 1:
        sections += _comparison(runs)
    sections.append(Section("Curves", [_curves(runs, [history.points for history in histories])]))
    sections += _evaluations(runs)
    system = list(_system(runs))
    if system:
        sections.append(Section("Machine", system))
    if len(runs) > MOST_SECTIONS:
        sections.append(Section("Each run", [Fold(found.label, list(_details(found))) for found in runs]))
    else:
        sections += [Section(f"Run {found.label}", list(_details(found))) for found in runs]
    names = ", ".join(dict.fromkeys(str(found.summary["name"]) for found in runs))
    title = f"{names} {runs[0].run.run_id}" if len(runs) == 1 else f"{len(runs)} runs of {names}"
    return Page(
        title=title, sections=sections, lead="Values are the record's own; where a run was resumed, the attempt that stands."
    )


def _overview(runs: Sequence[ReportedRun]) -> Table:
    metrics = list(dict.fromkeys(name for found in runs for name in found.summary["metrics"]))
    rows: list[list[Cell]] = []
    for found in runs:
        summary = found.summary
        status = Marked(summary["status"], TONES.get(summary["status"], "warn"))
        took = seconds(summary["duration"]).replace(" ", "\u00a0") if summary["duration"] is not None else None
        tags = " ".join(f"{key}={value}" if value else key for key, value in summary["tags"].items())
        row: list[Cell] = [found.label, status, summary["created"][:19].replace("T", " "), took, tags]
        rows.append([*row, *(summary["metrics"].get(name) for name in metrics)])
    return Table(["run", "status", "created (UTC)", "took", "tags", *metrics], rows)


def _damage(runs: Sequence[ReportedRun], histories: Sequence[Any]) -> Iterator[Part]:
    for found, history in zip(runs, histories, strict=True):
        for damage in history.damage:
            yield Facts({found.label: Marked(damage, "bad")})
        for note in found.summary["notes"]:
            yield Facts({f"{found.label}, a note": note})


def _comparison(runs: Sequence[ReportedRun]) -> Iterator[Section]:
    summaries = [found.summary for found in runs]
    found = differing(summaries)
    labels = [entry.label for entry in runs]
    parts: list[Part] = [
        Table(
            ["", *labels],
            [[key, *map(_chosen_cell if section == "params" else _cell, values)] for key, values in found[section].items()],
            caption=section,
        )
        for section in ("params", "metrics", "tags")
        if found[section]
    ]
    yield Section("What differs", parts or [Prose("These runs differ in no param, metric or tag.")])
    groups = group_repeats(summaries)
    if any(len(group["runs"]) > 1 for group in groups):
        columns, rows = group_table(groups)
        yield Section("Repeats that differ in their seed", [Table(columns, [[_cell(value) for value in row] for row in rows])])
    chart = _parallel(summaries, found)
    if chart is not None:
        yield Section("Params and results", [chart])


def _evaluations(runs: Sequence[ReportedRun]) -> Iterator[Section]:
    """What each run's evaluation found; of many runs, behind their names."""
    for found in runs:
        record = read_evaluation(found.run.bundle)
        if record is None:
            continue
        sections = list(evaluation_sections(record))
        if len(runs) == 1:
            yield from sections
        else:
            parts = [Fold(section.title, section.parts, is_open=section is sections[0]) for section in sections]
            yield Section(f"Evaluation of {found.label}", parts)


def _parallel(summaries: Sequence[Mapping[str, Any]], found: Mapping[str, Mapping[str, Sequence[Any]]]) -> Chart | None:
    """Parallel coordinates over the params that differ, and the metric by which runs are compared."""
    params = {key: found["params"][key] for key in telling(found["params"]) if key not in ("name", "description")}
    result = next((name for part in ("val/", "test/", "train/") for name in found["metrics"] if name.startswith(part)), None)
    watched = summaries[0].get("watch")
    result = watched if watched in found["metrics"] else result
    if result is None or not params:
        return None
    values = found["metrics"][result]
    colors = [float(value) if isinstance(value, int | float) else None for value in values]
    chosen = list(params.items())[:MOST_DIMENSIONS]
    dimensions = [Dimension(key, [_plain(value) for value in column], is_log=_spans_decades(column)) for key, column in chosen]
    dimensions.append(Dimension(result, [None if color is None else color for color in colors]))
    note = "Drag along an axis to keep only the runs that pass there; drag an axis by its name to move it."
    return Chart(parallel_coordinates(dimensions, colors=colors, color_title=result), result, height=420, note=note)


def _spans_decades(values: Sequence[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == len(values) and min(numbers, default=0) > 0 and max(numbers) / min(numbers) >= 20


def _plain(value: Any) -> str | float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _curves(runs: Sequence[ReportedRun], histories: Sequence[Sequence[MetricPoint]]) -> Part:
    of_name: dict[str, dict[int, list[MetricPoint]]] = {}
    for number, points in enumerate(histories):
        for point in points:
            of_name.setdefault(point.name, {}).setdefault(number, []).append(point)
    charts = []
    for name in sorted(of_name, key=_curve_order):
        curves = [
            Curve(number, _axes(mine, histories[number][0].time), [_finite(point.value) for point in mine])
            for number, mine in of_name[name].items()
        ]
        charts.append(CurvesChart(name, curves))
    if not charts:
        return Prose("Nothing was logged yet.")
    return Curves([found.label for found in runs], charts, axes=AXES, details=[_detail(found) for found in runs])


def _curve_order(name: str) -> tuple[int, list[tuple[int, str]]]:
    """Validation first; `metric2` before `metric10`."""
    part = name.partition("/")[0]
    numbers = [(int(piece), "") if piece.isdecimal() else (0, piece) for piece in re.split(r"([0-9]+)", name)]
    return (("val", "train", "test").index(part) if part in ("val", "train", "test") else 3, numbers)


def _axes(points: Sequence[MetricPoint], start: float) -> dict[str, list[float]]:
    """A clock that went backwards shows as such: values keep their order by step."""
    return {
        "step": [point.step for point in points],
        "epoch": [point.epoch for point in points],
        "seconds": [round(point.time - start, 3) for point in points],
    }


def _detail(found: ReportedRun) -> str:
    watched = found.summary.get("watch")
    value = found.summary["metrics"].get(watched) if watched else None
    return f"{watched} {figure(value)}" if watched and value is not None else ""


def _system(runs: Sequence[ReportedRun]) -> Iterator[Chart]:
    samples = {found.label: read_system(found.run) for found in runs}
    for key, title, scale in (
        ("cpu", "CPU of the machine, %", 100.0),
        ("process_memory", "memory of the process, MiB", 1 / 2**20),
        ("written", "written to disk, MiB", 1 / 2**20),
    ):
        series = {}
        for label, lines_ in samples.items():
            mine = [sample for sample in lines_ if key in sample]
            if len(mine) > 1:
                series[label] = ([sample["time"] - mine[0]["time"] for sample in mine], [sample[key] * scale for sample in mine])
        if series:
            yield Chart(lines(series, x_title="seconds", y_title=""), title, height=220)


def _details(found: ReportedRun) -> Iterator[Part]:
    provenance = read_provenance(found.run)
    yield Facts(_facts(found, provenance))
    error = found.summary["error"]
    if error is not None:
        yield Facts({"error": Marked(f"[{error['code']}] {error['message']}", "bad")})
    yield Fold("Params", [Table(["param", "value"], [[key, value_text(value)] for key, value in found.summary["params"].items()])])
    artifacts = read_artifacts(found.run)
    if artifacts:
        rows: list[list[Cell]] = [[entry.path, entry.role, size(entry.bytes), entry.digest] for entry in artifacts]
        yield Fold("Artifacts", [Table(["file", "role", "size", "digest"], rows)])
    if found.run.recipe_file.is_file():
        yield Fold("Recipe as written", [Listing(_read(found.run.recipe_file))])
    for repository in provenance.get("repositories", []):
        if repository["patch"]:
            yield Fold(
                f"Uncommitted changes of {repository['root']}", [Listing(_read(found.run.path / repository["patch"]), is_diff=True)]
            )
    packages: list[list[Cell]] = [[name, version] for name, version in provenance.get("packages", {}).items()]
    yield Fold("Packages", [Table(["package", "version"], packages)])
    if (found.run.path / "output.txt").is_file():
        yield Fold("Output", [Listing(_read(found.run.path / "output.txt"))])


def _facts(found: ReportedRun, provenance: Mapping[str, Any]) -> dict[str, Cell]:
    summary, git, machine = found.summary, provenance.get("git") or {}, provenance.get("machine", {})
    code = f"{git['commit'] or 'no commit'}{' with uncommitted changes' if git.get('is_dirty') else ''}" if git else None
    return {
        "run": summary["run_id"],
        "directory": summary["run_dir"],
        "status": Marked(summary["status"], TONES.get(summary["status"], "warn")),
        "attempts": summary["attempts"],
        "command": " ".join(provenance.get("command", [])),
        "code": code,
        "branch": git.get("branch"),
        "machine": f"{machine.get('host')}, {machine.get('cpu')}, {machine.get('cpus')} CPUs, {machine.get('platform')}",
        "python": provenance.get("python", {}).get("version"),
        "torch": provenance.get("torch"),
        "level of reproduction": summary.get("level"),
        "tensors": summary.get("tensor_digest"),
        "metrics": summary.get("metrics_digest"),
        "model": f"{summary['model']['name']}@{summary['model']['version']}" if summary["model"] else None,
    }


def _chosen_cell(value: Any) -> Cell:
    return _cell(chosen(value))


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else value_text(value)


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None


def _read(path: Any) -> str:
    """A text of the run, its middle left out when it is long."""
    try:
        text: str = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    half = LARGEST_TEXT // 2
    return text if len(text) <= LARGEST_TEXT else f"{text[:half]}\n…\n{text[-half:]}"
