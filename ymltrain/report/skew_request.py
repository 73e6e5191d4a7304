"""One request for people: each step on a line, the first that differs marked."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ymltrain.report.console import draw, tell
from ymltrain.skew.explain import ExplainedRequest


def show_request(explained: ExplainedRequest) -> None:
    """The steps of a request on standard output."""
    when = f" at {explained.served_at}" if explained.served_at else ""
    tell(f"request {explained.request_id}, record {explained.row:,}{when}, through {explained.model}")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("step", "name", "raw", "expected", "served", ""):
        table.add_column(name)
    for number, step in enumerate(explained.steps):
        differs = step.equal is False
        mark = "" if step.equal is None else "equal" if step.equal else "differs" + (f": {step.cause}" if step.cause else "")
        mark = "its declared default is served" if step.equal is None and step.cause == "serving_default" else mark
        if number == explained.first_difference:
            mark = f"FIRST {mark}"
        style = "red" if differs else ""
        cells = (step.stage, step.name, _shown(step.input), _shown(step.expected), _shown(step.served), mark)
        table.add_row(*(Text(cell, style=style) for cell in cells))
    draw(table)
    if explained.first_difference is None:
        tell(("every step that was logged is equal", "green"))
    else:
        step = explained.steps[explained.first_difference]
        tell((f"the first step that differs: {step.stage} {step.name}", "bold red"))


def _shown(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part) for part in value[:6]) + (", …]" if len(value) > 6 else "]")
    text = f"{value:.7g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
