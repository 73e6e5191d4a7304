"""The HTML report of a check, for someone who was just paged: the verdict, what to look at first, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ymltrain.report.html import Chart, Facts, Fold, Marked, Page, Prose, Section, Table, bars, lines, render_page
from ymltrain.report.html.parts import Cell, Part, Tone
from ymltrain.report.numbers import seconds
from ymltrain.report.skew_words import chance, counted_kinds, onset_words, ranked_features, when
from ymltrain.skew.check import Checked
from ymltrain.skew.findings import Finding, VerdictWord
from ymltrain.skew.histogram import CategoryBins, NumberBins
from ymltrain.skew.outcome import distance_of
from ymltrain.skew.profile import Distribution, Profile
from ymltrain.skew.report import SkewReport
from ymltrain.skew.statistics import compare_counts

TONES: dict[VerdictWord, Tone] = {"ok": "good", "drift": "warn", "fault": "bad"}
SAYS: dict[VerdictWord, str] = {
    "ok": "Nothing that matters differs from training.",
    "drift": "What comes in or out has changed. Nothing in the log proves that the engineering is at fault.",
    "fault": "The log proves an engineering fault: something between the request and the prediction is not as it was trained.",
}
NEXT: dict[str, str] = {
    "transform": "Look at the code or the state that makes this feature at serving: the bundle makes another value of it.",
    "schema": "Look at what sends the requests: they break the contract of the model's inputs.",
    "numeric": "Look at how the model runs at serving: the same features give another prediction in the bundle.",
    "version": "Look at what is deployed: parts are together that were not made together.",
    "time": "Look at when this input is computed: it was served with a value that training does not get.",
    "distribution": "Look at where requests come from. If the change is there to stay, train again on newer data.",
    "prediction": "Compare with the inputs' changes below; with labels, judge whether it is time to train again.",
    "sampling": "What the model decides chooses what is logged: weigh the data by it, or train on held-out traffic.",
}
OF_INPUTS = (
    "Distances and charts are of the inputs as requests bring them. What is made of them behind that is replayed: a fault there "
    "leaves the charts alike, and shows in the column `replayed` and in the records of its evidence."
)
SHOWN_BINS = 24
SHOWN_FEATURES = 60
DRAWN_FEATURES = 12


def skew_page(checked: Checked) -> str:
    """The report as one self-contained page. Raises UsageError (YT830) when the chart library is not installed."""
    report = checked.report
    period = f" between {report.first_time} and {report.last_time}" if report.first_time else ""
    sections = [Section("Verdict", list(_verdict(report)))]
    if report.findings:
        sections.append(Section("What was found", [_overview(report), *_told(report)]))
    if report.windows:
        sections.append(Section("Along the log", [_windows(report)]))
    if checked.reference is not None:
        sections.append(Section("Features", [Prose(OF_INPUTS), _features(report), *_curves(checked, checked.reference)]))
    sections.append(Section("What was looked for", list(_limits(report))))
    lead = f"{report.rows:,} records served{period}; {report.replayed:,} of them replayed."
    return render_page(Page(title=f"Skew of {report.model}: {report.verdict}", lead=lead, sections=sections))


def _verdict(report: SkewReport) -> Iterator[Part]:
    yield Facts({"verdict": Marked(report.verdict, TONES[report.verdict])})
    yield Prose(SAYS[report.verdict])
    if report.findings:
        first = report.findings[0]
        begin = onset_words(first)
        yield Prose(f"First: {first.message}{f', {begin}' if begin else ''}.")
        yield Prose(NEXT[first.skew_class])
    facts: dict[str, Any] = {"found": counted_kinds(report)} if report.findings else {}
    yield Facts({**facts, "model": report.model, "bundle": report.bundle, "took": seconds(report.seconds)})


KINDS: dict[str, tuple[str, Tone]] = {
    "engineering_fault": ("engineering fault", "bad"),
    "undetermined": ("undetermined", "warn"),
    "drift": ("drift", "warn"),
}


def _overview(report: SkewReport) -> Table:
    """All findings on a line each."""
    rows: list[list[Cell]] = []
    for finding in report.findings:
        words, tone = KINDS[finding.kind]
        share = None if finding.share is None else f"{finding.share:.1%}"
        rows.append(
            [
                Marked(words, tone),
                finding.feature or "predictions" if finding.skew_class in ("numeric", "prediction") else finding.feature or "",
                finding.cause,
                finding.skew_class,
                share,
                finding.onset_row,
                when(finding),
                finding.impact,
            ]
        )
    columns = ["kind", "feature", "cause", "class", "share", "since record", "since", "impact"]
    return Table(columns, rows, caption="share of the records; impact: how far predictions move, in standard deviations of theirs")


def _told(report: SkewReport) -> Iterator[Part]:
    """Each finding behind its own sentence, the first ones open."""
    for position, finding in enumerate(report.findings):
        yield Fold(finding.message, list(_finding(finding)), is_open=position < 2)


def _finding(finding: Finding) -> Iterator[Part]:
    words, tone = KINDS[finding.kind]
    if finding.kind == "undetermined":
        words = "undetermined: it looks made, and the log cannot prove it"
    facts: dict[str, Any] = {
        "kind": Marked(words, tone),
        "class": f"{finding.skew_class} ({finding.taxonomy})",
        "cause": finding.cause,
    }
    if finding.onset_row is not None:
        facts["since"] = onset_words(finding).removeprefix("since ")
    if finding.affected_rows is not None:
        facts["affected"] = f"{finding.affected_rows:,} records" + (f", {finding.share:.1%}" if finding.share is not None else "")
    if finding.impact is not None:
        facts["moves predictions by"] = f"{finding.impact:.3g} of their spread"
    if finding.p_value is not None:
        facts["by chance"] = f"p {chance(finding.p_value)}"
    if finding.alternatives:
        facts["may also be"] = ", ".join(finding.alternatives)
    yield Facts(facts)
    if finding.evidence:
        columns = list(dict.fromkeys(key for row in finding.evidence for key in row))
        cells = {column: _cells([row.get(column) for row in finding.evidence]) for column in columns}
        rows = [[cells[column][number] for column in columns] for number in range(len(finding.evidence))]
        yield Table(columns, rows, caption="evidence: records of the log that show it")


def _cells(values: list[Any]) -> list[Cell]:
    """A column of evidence; numbers that are all whole, as ids are, without decimals."""
    numbers = [value for value in values if isinstance(value, float)]
    if all(number.is_integer() for number in numbers):
        values = [int(value) if isinstance(value, float) else value for value in values]
    return [value if value is None or isinstance(value, int | float | str) else str(value) for value in values]


def _windows(report: SkewReport) -> Table:
    rows: list[list[Cell]] = [
        [
            window.number + 1,
            window.start or "",
            window.first_row,
            window.rows,
            Marked(window.verdict, TONES[window.verdict]),
            "; ".join(window.findings[:3]),
        ]
        for window in report.windows
    ]
    return Table(["window", "from", "first record", "records", "verdict", "found"], rows)


def _features(report: SkewReport) -> Table:
    told = {finding.feature for finding in report.findings}
    rows: list[list[Cell]] = []
    for name in ranked_features(report):
        found = report.features[name]
        differences = found.replayed_differences
        replayed: Marked = Marked("not logged", "muted")
        if differences is not None:
            replayed = Marked(f"{differences:,} differ", "bad") if differences else Marked("equal", "good")
        tone: Tone = "warn" if found.distance >= found.threshold and name in told else "plain"
        distance = Marked(round(found.distance, 4), tone)
        rows.append([name, distance, found.threshold, found.minimum_detectable, found.impact, found.share_missing, replayed])
    columns = ["feature", "distance", "matters from", "would be seen from", "impact", "missing", "replayed"]
    return Table(columns, rows, caption="proven faults first, then by distance and what the feature does to predictions")


def _curves(checked: Checked, reference: Profile) -> Iterator[Part]:
    """Histograms on the same bins and the distance along the log; the ranked first open, the rest folded."""
    told = [finding.feature for finding in checked.report.findings if finding.feature in checked.report.features]
    names = list(dict.fromkeys([*[name for name in told if name is not None], *ranked_features(checked.report)]))[:SHOWN_FEATURES]
    for position, name in enumerate(names):
        parts = [part for drawn in _drawn(checked, reference, name) for part in _feature_charts(checked, name, *drawn)]
        is_told = name in told
        if position < DRAWN_FEATURES or is_told:
            yield Fold(name, parts, is_open=position < 3 or is_told)
    if checked.log.prediction is not None:
        parts = list(_outcome_charts(checked, reference))
        yield Fold("predictions", parts, is_open=any(found.skew_class == "prediction" for found in checked.report.findings))


def _drawn(checked: Checked, reference: Profile, name: str) -> Iterator[tuple[str, Distribution, Distribution]]:
    """What is drawn of a column, by a name of its own: its values, or the aspects of a time, a text or a vector."""
    if name in reference.features:
        yield name, reference.features[name], checked.log.features[name]
    for key, aspect in reference.aspects.items():
        if aspect.column == name and key in checked.log.aspects:
            yield key, aspect.found, checked.log.aspects[key]


def _feature_charts(checked: Checked, column: str, name: str, was: Distribution, now: Distribution) -> Iterator[Part]:
    yield _histogram(name, was, now)
    timeline = _timeline(checked, name, was)
    if len(timeline[0]) > 1:
        onset = next((found.onset_row for found in checked.report.findings if found.feature == column and found.onset_row), None)
        series: dict[str, Any] = {"distance": timeline}
        if onset is not None:
            series["change begins"] = ([onset, onset], [0, max(timeline[1])])
        yield Chart(lines(series, x_title="record", y_title="distance to training"), f"{name} along the log", height=220)


def _outcome_charts(checked: Checked, reference: Profile) -> Iterator[Part]:
    assert checked.log.prediction is not None
    yield _histogram("prediction", reference.prediction, checked.log.prediction)
    distance = distance_of(reference.prediction, checked.log.prediction).largest
    yield Facts({"distance": round(distance, 4)})


def _histogram(name: str, was: Distribution, now: Distribution) -> Chart:
    """Shares of training and log in the same bins, neighbours joined to what a page has room for."""
    labels, groups = _groups(was)
    shares = {
        "training": _shares(was.array, groups),
        "served": _shares(now.array, groups),
    }
    return Chart(bars(labels, shares, value_title="share of rows"), f"{name}: training and served in the same bins", height=300)


def _shares(counts: Any, groups: list[list[int]]) -> list[float]:
    total = max(1, int(counts.sum()))
    return [round(float(sum(int(counts[position]) for position in group)) / total, 6) for group in groups]


def _groups(found: Distribution) -> tuple[list[str], list[list[int]]]:
    names = found.bins.names
    if isinstance(found.bins, CategoryBins):
        order = sorted(range(len(found.bins.values)), key=lambda position: -int(found.array[position]))
        shown = sorted(order[:SHOWN_BINS])
        rest = sorted(order[SHOWN_BINS:])
        groups = [[position] for position in shown] + ([rest] if rest else [])
        labels = [names[position] for position in shown] + (["rarer values"] if rest else [])
        tail = range(len(found.bins.values), len(names))
        return [*labels, *(names[position] for position in tail)], [*groups, *([position] for position in tail)]
    assert isinstance(found.bins, NumberBins)
    inner = np.array_split(np.arange(1, len(names) - 2), min(SHOWN_BINS, max(1, len(names) - 3)))
    edges = found.bins.edges
    labels = [f"{edges[int(part[0]) - 1]:.4g} … {edges[int(part[-1])]:.4g}" for part in inner if part.size]
    groups = [[int(position) for position in part] for part in inner if part.size]
    return [names[0], *labels, names[-2], names[-1]], [[0], *groups, [len(names) - 2], [len(names) - 1]]


def _timeline(checked: Checked, name: str, was: Distribution) -> tuple[list[float], list[float]]:
    rows, distances = [], []
    for stretch in checked.log.stretches:
        counts = np.asarray(stretch.counts.get(name, ()), np.int64)
        if counts.size:
            rows.append(float(stretch.first_row))
            is_ordered = not isinstance(was.bins, CategoryBins)
            distances.append(round(compare_counts(was.array, counts, is_ordered=is_ordered).largest, 5))
    return rows, distances


def _limits(report: SkewReport) -> Iterator[Part]:
    rows: list[list[Cell]] = [
        [run.skew_class, run.taxonomy, Marked("yes", "good") if run.ran else Marked("no", "muted"), run.why]
        for run in report.checks
    ]
    yield Table(["class", "taxonomy", "looked for", "why not"], rows)
    budget = report.budget
    yield Prose(
        f"At most {budget['false_alarms_per_1000']:g} false alarms in 1,000 checks of clean logs, over {budget['tests']:.0f} tests "
        "of this one. Distances are in shares of rows: 0 is the same, 1 nothing in common."
    )
    if report.replayed:
        share = budget["replay_smallest_share"]
        yield Prose(f"A fault in {share:.2%} or more of the records shows among the replayed ones 19 times in 20.")
    for note in report.notes:
        yield Prose(f"Note: {note}.")
