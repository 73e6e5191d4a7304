"""A draft as a recipe's text: every line with why it is so, and how sure that is where it is not certain."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ymltrain.drafting.draft import Draft
from ymltrain.drafting.findings import ColumnDraft, Finding, Sure, counted, quoted
from ymltrain.drafting.yaml_text import comment, write_key, write_value
from ymltrain.recipe.short_forms import source_type

WIDTH = 118
LONGEST_NAME = 100
MOST_WARNINGS = 30


def write_recipe_text(draft: Draft, folder: Path, name: str) -> str:
    """The recipe, for a file of this name in this folder; its paths are relative to the folder."""
    return "\n".join(_lines(draft, folder, name)) + "\n"


def recipe_path(path: str, folder: Path) -> str:
    """A path of data as a recipe in this folder writes it: relative to it, but an absolute one outside the folder stays."""
    here = folder.resolve()
    if "://" in path or (os.path.isabs(path) and not Path(path).is_relative_to(here)):  # noqa: PTH117  a Path would read patterns anew
        return path
    return Path(os.path.relpath(os.path.abspath(path), here)).as_posix()  # noqa: PTH100


def _lines(draft: Draft, folder: Path, file: str) -> Iterator[str]:
    looked_at = counted(draft.looked_at, "row")
    rows = f"all {looked_at}" if draft.is_all else f"the first {looked_at} of about {draft.total:,}"
    if draft.looked_at == 1:
        rows = looked_at
    place = comment(draft.source.place)
    yield f"# A first recipe for {place}, drafted by `ymltrain init` from {rows}. Every line may be changed."
    yield "#"
    yield f"#   ymltrain check {file}"
    yield f"#   ymltrain plan {file}"
    yield f"#   ymltrain fit {file}"
    yield "#"
    yield "# (likely) and (guess) mark what another look may decide otherwise; what bears no mark holds in every row looked at."
    yield from _warnings(draft.findings)
    yield "recipe: 1"
    yield f"name: {write_value(_name(draft))}"
    seed = draft.split.seed
    yield f"seed: {seed}" + ("  # the first one under which each split of this small table has rows" if seed else "")
    yield ""
    yield from _datasource(draft, folder)
    yield from _split(draft)
    yield ""
    yield "features:"
    yield from _features(draft.columns)
    yield from _target(draft)
    yield ""
    yield from _training(draft)


def _warnings(findings: tuple[Finding, ...]) -> Iterator[str]:
    if not findings:
        return
    yield "#"
    yield "# Look at these first:"
    for finding in findings[:MOST_WARNINGS]:
        column = "" if finding.column is None else f"{quoted(finding.column)}: "
        advice = f"; {finding.advice}" if finding.advice else ""
        yield from _wrapped(f"{finding.kind} ({finding.sure}): {column}{finding.message}{advice}", "#   - ", "#     ")
    if len(findings) > MOST_WARNINGS:
        yield f"#   - and {len(findings) - MOST_WARNINGS} more, which `ymltrain init --json` lists"


def _wrapped(text: str, first: str, others: str) -> Iterator[str]:
    line = first
    for word in comment(text).split(" "):
        if len(line) + len(word) > WIDTH and line.strip("# -"):
            yield line.rstrip()
            line = others
        line += f"{word} "
    yield line.rstrip()


def _name(draft: Draft) -> str:
    """A name that a recipe may have, from those of data and target."""
    path = str(draft.source.params.get("path") or draft.source.place)
    stem = PurePosixPath(path.split("?", 1)[0].rstrip("/")).name.split(".", 1)[0]
    plain = unicodedata.normalize("NFKD", f"{stem}-{draft.target.name}").encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:LONGEST_NAME].strip("-")
    return name or "first"


def _datasource(draft: Draft, folder: Path) -> Iterator[str]:
    params = dict(draft.source.params)
    if isinstance(params.get("path"), str):
        params["path"] = recipe_path(params["path"], folder)
    if params.keys() == {"path"} and source_type(params["path"]) == draft.source.type and not params["path"].startswith("{"):
        yield f"datasource: {write_value(params['path'])}"
        return
    whole = {"type": draft.source.type, **params}
    if len(line := f"datasource: {write_value(whole)}") <= WIDTH:
        yield line
        return
    yield "datasource:"
    for key, value in whole.items():
        yield f"  {write_key(key)}: {write_value(value)}"


def _split(draft: Draft) -> Iterator[str]:
    split = draft.split
    if split.event_time is not None:
        yield f"event_time: {write_value(split.event_time)}"
    written = write_value(split.params["type"] if len(split.params) == 1 else split.params)
    yield f"split: {written}  # {_marked(split.why, split.sure)}"


def _features(columns: tuple[ColumnDraft, ...]) -> Iterator[str]:
    written = [(write_key(column.name), _column_value(column), _marked(column.why, column.sure)) for column in columns]
    short = [f"  {key}: {value}" for key, value, _ in written if len(key) + len(value) < 48]
    width = max((len(line) for line in short), default=0)
    for key, value, why in written:
        line = f"  {key}: {value}" if not key.startswith("? ") else f"  {key}  : {value}"
        yield f"{line:<{width}}  # {comment(why)}"


def _column_value(column: ColumnDraft) -> str:
    return write_value({"type": column.type, **column.options} if column.options else column.type)


def _target(draft: Draft) -> Iterator[str]:
    target = draft.target
    options: dict[str, Any] = dict(target.options)
    written = write_value({"column": target.name, **options} if options else target.name)
    yield f"target: {written}  # {comment(_marked(f'{target.why}: {target.task}', target.sure))}"
    if any(finding.kind == "imbalance" for finding in target.findings):
        balanced = write_value({"column": target.name, **options, "class_weights": "balanced"})
        yield f"# target: {balanced}  # if rare classes should count as much as common ones"


def _training(draft: Draft) -> Iterator[str]:
    training = draft.training
    model = write_value(training.model["type"] if len(training.model) == 1 else training.model)
    yield f"model: {model}  # {_marked(training.why, 'likely')}"
    if training.optimizer is not None:
        yield f"optimizer: {write_value(training.optimizer)}"
    yield f"metrics: {write_value(training.metrics)}"
    yield "trainer:"
    yield f"  max_epochs: {training.max_epochs}  # at most: training stops when the val split gains nothing"
    yield f"  batch_size: {training.batch_size}"
    yield f"  early_stopping: {write_value({'metric': 'val/loss', 'patience': training.patience})}"
    yield ""
    metric = f"test/{training.metrics[0]}"
    yield "# To register each model, and call the best one champion:"
    yield "# registry:"
    yield "#   type: filesystem"
    yield f"#   promote: {write_value({'alias': 'champion', 'gates': [{'metric': metric, 'better_than': 'champion'}]})}"


def _marked(why: str, sure: Sure) -> str:
    return why if sure == "certain" else f"{why} ({sure})"
