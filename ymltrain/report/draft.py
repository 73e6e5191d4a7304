"""A draft of a recipe, for a person and for a program."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ymltrain.drafting.draft import Draft
from ymltrain.drafting.findings import Finding, counted, quoted
from ymltrain.drafting.yaml_text import comment, write_value
from ymltrain.report.console import say, tell

_COLOURS = {"certain": "bold red", "likely": "bold yellow", "guess": "bold cyan"}


def show_draft(draft: Draft) -> None:
    """What was looked at and decided, then each warning with how sure it is."""
    rows = f"all {draft.looked_at:,} rows" if draft.is_all else f"the first {draft.looked_at:,} of about {draft.total:,} rows"
    params = {key: value for key, value in draft.source.params.items() if key not in ("path", "storage")}
    tell(f"data      {comment(draft.source.place)}: {rows}; {comment(write_value({'type': draft.source.type, **params}))}")
    tell(f"target    {comment(draft.target.name)}: {draft.target.task}, {comment(draft.target.why)}", f" ({draft.target.sure})")
    types = Counter(column.type for column in draft.columns)
    left_out = types.pop("ignore", 0)
    found = ", ".join(f"{count} {column_type}" for column_type, count in types.most_common())
    tell(f"features  {found or 'none'}" + (f"; {left_out} left out" if left_out else ""))
    tell(f"split     {draft.split.params['type']}: {draft.split.why} ({draft.split.sure})")
    for finding in draft.findings:
        _show(finding)


def _show(finding: Finding) -> None:
    column = "" if finding.column is None else f" {quoted(finding.column)}:"
    say((f"{finding.sure}", _COLOURS[finding.sure]), f" {finding.kind}:{column} {comment(finding.message)}")
    if finding.advice:
        say(("hint: ", "bold cyan"), comment(finding.advice))


def draft_as_json(draft: Draft, output: str | None, text: str) -> dict[str, Any]:
    """The draft as programs read it; `output` is None where the recipe was not written to a file."""
    target = draft.target
    return {
        "output": output,
        "recipe": text,
        "datasource": {"type": draft.source.type, **draft.source.params},
        "rows": {"looked_at": draft.looked_at, "total": draft.total, "is_all": draft.is_all},
        "target": {
            "column": target.name,
            "task": target.task,
            "sure": target.sure,
            "why": target.why,
            **({"classes": target.classes} if target.classes else {}),
        },
        "split": {**draft.split.params, "sure": draft.split.sure, "why": draft.split.why},
        "columns": [
            {"name": column.name, "type": column.type, "sure": column.sure, "why": column.why, **column.options}
            for column in draft.columns
        ],
        "warnings": draft.findings,
    }


def summary_line(draft: Draft, output: str) -> str:
    """What was written, and what to do with it."""
    warnings = counted(len(draft.findings), "warning") if draft.findings else "no warnings"
    return f"{output} written, with {warnings}; next: ymltrain fit {output}"
