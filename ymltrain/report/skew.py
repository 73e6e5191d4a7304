"""A check for people: the verdict first, then what was found, then the distances of every feature."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ymltrain.report.console import draw, say, tell
from ymltrain.report.numbers import figure, seconds
from ymltrain.report.skew_words import chance, onset_words, ranked_features
from ymltrain.skew.check import Checked
from ymltrain.skew.findings import Finding, VerdictWord
from ymltrain.skew.report import SkewReport

STYLES: dict[VerdictWord, str] = {"ok": "bold green", "drift": "bold yellow", "fault": "bold red"}
MEANINGS: dict[VerdictWord, str] = {
    "ok": "nothing that matters differs from training",
    "drift": "what comes in or out has changed; nothing proves that the engineering is at fault",
    "fault": "the log proves an engineering fault",
}
KINDS = {"engineering_fault": ("fault", "red"), "undetermined": ("undetermined", "magenta"), "drift": ("drift", "yellow")}
SHOWN_FEATURES = 30
LISTED = 4


def show_check(checked: Checked) -> None:
    """The whole report on standard output."""
    report = checked.report
    tell((report.verdict.upper(), STYLES[report.verdict]), f"  {MEANINGS[report.verdict]}")
    tell(_looked_at(report))
    for finding in report.findings:
        _show_finding(finding)
    if report.features:
        tell("")
        draw(_features(report))
    for window in report.windows:
        start = f" from {window.start}" if window.start else ""
        found = f": {'; '.join(window.findings[:2])}" if window.findings else ""
        tell(
            f"window {window.number + 1}  {window.rows:,} records from {window.first_row:,}{start}  ",
            (window.verdict, STYLES[window.verdict]),
            found,
        )
    tell("")
    tell(_budget(report))
    missed = [f"{run.skew_class} ({run.why})" for run in report.checks if not run.ran]
    if missed:
        say("not looked for: " + "; ".join(missed))
    for note in report.notes:
        say(f"note: {note}")


def _looked_at(report: SkewReport) -> str:
    period = f", {report.first_time} to {report.last_time}" if report.first_time else ""
    model = f"{report.model} ({report.bundle[:19]})"
    return f"{report.rows:,} records{period}, {report.replayed:,} replayed, of {model}, {seconds(report.seconds)}"


def _show_finding(finding: Finding) -> None:
    word, style = KINDS[finding.kind]
    tell("")
    tell((f"{word:<12}", style), f" {finding.skew_class}/{finding.cause}  {finding.message}")
    facts = []
    if finding.onset_row is not None:
        facts.append(onset_words(finding))
    if finding.impact is not None:
        facts.append(f"moves predictions by {figure(finding.impact)} of their spread")
    if finding.p_value is not None:
        facts.append(f"p {chance(finding.p_value)}")
    if finding.alternatives:
        facts.append(f"may also be {' or '.join(finding.alternatives)}")
    if facts:
        tell(f"{'':13}" + ", ".join(facts))
    for row in finding.evidence[:3]:
        tell(f"{'':13}" + "  ".join(f"{key} {_value(value)}" for key, value in row.items() if value is not None))


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value[:LISTED])) + (", …]" if len(value) > LISTED else "]")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _features(report: SkewReport) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("feature", "distance", "matters from", "seen from", "p", "missing", "impact", "replay"):
        table.add_column(name, justify="left" if name == "feature" else "right")
    told = {finding.feature for finding in report.findings}
    for name in ranked_features(report)[:SHOWN_FEATURES]:
        found = report.features[name]
        differences = (
            "—"
            if found.replayed_differences is None
            else "equal"
            if not found.replayed_differences
            else f"{found.replayed_differences:,} differ"
        )
        style = "yellow" if found.distance >= found.threshold and name in told else ""
        table.add_row(
            Text(name),
            Text(f"{found.distance:.4f}", style=style),
            f"{found.threshold:.3f}",
            f"{found.minimum_detectable:.3f}",
            f"{found.p_value:.2g}",
            f"{found.share_missing:.1%}",
            figure(found.impact),
            Text(differences, style="red" if found.replayed_differences else ""),
        )
    return table


def _budget(report: SkewReport) -> str:
    budget = report.budget["false_alarms_per_1000"]
    share = report.budget["replay_smallest_share"]
    replayed = (
        f"; of {report.replayed:,} replayed records, faults in {share:.2%} or more are seen 19 times in 20"
        if report.replayed
        else ""
    )
    return f"at most {budget:g} false alarms in 1,000 checks, over {report.budget['tests']:.0f} tests{replayed}"
