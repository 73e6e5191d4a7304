"""What is predicted: task, type, transform, positive class; and what to know of its values.

A number of two values is a binary target, whole numbers of up to `FEW_CLASSES` values, each of them often, are classes, all
other numbers a regression: of their logarithm where they are positive and their logarithms are the more even. Text is
classes; two of them are a binary target, whose positive class is the word for yes, else the rarer one.

YT722 a target of one class; YT725 a target without values; YT881 a target that cannot be predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from ymltrain.diagnostics import DataError
from ymltrain.drafting.findings import Finding, Sure, counted, quoted
from ymltrain.kinds.typed_columns import FALSE_WORDS, TRUE_WORDS
from ymltrain.plan.shapes import ColumnType, Task

FEW_CLASSES = 10
OFTEN = 20
MANY_CLASSES = 200
RARE_SHARE = 0.1
SKEWED = 1.0


@dataclass(frozen=True)
class TargetDraft:
    """What the recipe says of the target.

    `values` are those of the rows that have one, `is_present` says which they are; `classes` counts them where it has classes.
    """

    name: str
    task: Task
    sure: Sure
    why: str
    options: Mapping[str, Any]
    values: pl.Series
    classes: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    is_present: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.Boolean))


@dataclass(frozen=True)
class TargetColumn:
    """A column to be predicted: its values as read, and their text as labels are written, null where a value is missing."""

    name: str
    values: pl.Series
    labels: pl.Series
    type: ColumnType
    is_all: bool


def draft_target(column: TargetColumn, words_for_missing: Sequence[str]) -> TargetDraft:
    """What to write of the target. `words_for_missing` are those that stand in it. Raises DataError."""
    name = column.name
    if column.type in ("timestamp", "vector"):
        message = f'the target "{name}" is a {column.type}, which cannot be predicted'
        raise DataError("YT881", message, "predict a number, or classes: --target COLUMN")
    present = column.values.is_not_null()
    if column.values.dtype.is_float():
        present &= column.values.is_finite()
    if not present.any():
        raise DataError("YT725", f'the target "{name}" has no value in any row that was looked at', "is this the right column?")
    column = replace(column, values=column.values.filter(present), labels=column.labels.filter(present))
    if column.values.n_unique() == 1:
        hint = "a model needs targets of at least two values; is this the right column, and is the table complete?"
        raise DataError("YT722", f'the target "{name}" has one value only: {quoted(str(column.labels[0]))}', hint)
    findings = list(_missing(name, present, words_for_missing))
    drafted = _of_numbers(column) if column.type == "number" else _of_words(column)
    findings += _of_classes(drafted) if drafted.classes else ()
    return replace(drafted, findings=(*drafted.findings, *findings), is_present=present)


def _of_numbers(column: TargetColumn) -> TargetDraft:
    name, numbers = column.name, column.values.cast(pl.Float64)
    distinct = numbers.n_unique()
    counts = _counts(column.labels)
    if len(counts) == distinct == 2:
        if set(counts) == {"0", "1"}:
            return TargetDraft(name, "binary", "likely", "0 or 1", {"type": "boolean"}, column.labels, counts)
        options = {"type": "category", "task": "binary", "positive": str(column.labels[int(numbers.arg_max() or 0)])}
        return TargetDraft(name, "binary", "likely", "a number of two values", options, column.labels, counts)
    is_whole = bool((numbers == numbers.round()).all())
    if is_whole and len(counts) == distinct <= FEW_CLASSES and distinct * OFTEN <= numbers.len():
        why = f"whole numbers of {distinct} values, taken as classes"
        finding = Finding(
            kind="target",
            sure="guess",
            message=f"{why}: {', '.join(sorted(counts, key=float))}",
            advice="of amounts write `type: number` instead; of grades, `{type: category, task: ordinal}`",
            column=name,
        )
        return TargetDraft(name, "classification", "guess", why, {"type": "category"}, column.labels, counts, (finding,))
    return _of_amounts(name, numbers, is_all=column.is_all)


def _of_amounts(name: str, numbers: pl.Series, *, is_all: bool) -> TargetDraft:
    low, high = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    why = f"a number, {low:,.6g} to {high:,.6g}"
    skewness = float(numbers.skew() or 0.0)
    if skewness > SKEWED and low >= 0 and is_all:
        transform = "log" if low > 0 else "log1p"
        logarithms = numbers.log() if low > 0 else numbers.log1p()
        if abs(float(logarithms.skew() or 0.0)) < skewness / 2:
            return TargetDraft(name, "regression", "likely", f"{why}, with a long tail", {"transform": transform}, numbers)
    return TargetDraft(name, "regression", "certain" if is_all else "likely", why, {}, numbers)


def _of_words(column: TargetColumn) -> TargetDraft:
    name, labels = column.name, column.labels
    sure: Sure = "certain" if column.is_all else "likely"
    counts = _counts(labels)
    if labels.dtype == pl.Boolean:
        return TargetDraft(name, "binary", sure, "true or false", {}, labels, counts)
    if len(counts) != 2:
        return TargetDraft(name, "classification", sure, counted(len(counts), "class"), {}, labels, counts)
    said_yes = [word for word in counts if word.strip().lower() in TRUE_WORDS]
    said_no = [word for word in counts if word.strip().lower() in FALSE_WORDS]
    is_yes_or_no = len(said_yes) == len(said_no) == 1
    positive = said_yes[0] if is_yes_or_no else min(counts, key=lambda word: (counts[word], word))
    why = "two classes" if is_yes_or_no else "two classes; the rarer one is taken as the positive one"
    options = {"task": "binary", "positive": positive}
    return TargetDraft(name, "binary", sure if is_yes_or_no else "guess", why, options, labels, counts)


def _missing(name: str, present: pl.Series, words: Sequence[str]) -> Iterator[Finding]:
    missing = present.len() - int(present.sum())
    if not missing:
        return
    said = f", written {' or '.join(quoted(word) for word in words)}" if words else ""
    dropped = "it is dropped" if missing == 1 else "they are dropped"
    message = f"{counted(missing, 'row')} of {present.len():,} {'has' if missing == 1 else 'have'} no target{said}; {dropped}"
    advice = "if the word is a class, leave it out of `null_values` of the datasource" if words else ""
    yield Finding(kind="target", sure="certain", message=message, advice=advice, column=name)


def _of_classes(target: TargetDraft) -> Iterator[Finding]:
    counts = target.classes
    rows = sum(counts.values())
    rarest, commonest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if len(counts) > MANY_CLASSES or len(counts) > rows / 2:
        message = f"{counted(len(counts), 'class')} in {counted(rows, 'row')}: is it a name of the row rather than a class?"
        yield Finding(kind="classes", sure="likely", message=message, advice="choose another --target", column=target.name)
    elif counts[rarest] < 10:
        message = f"the class {quoted(rarest)} has {counted(counts[rarest], 'row')}: too few to learn from or to test with"
        yield Finding(
            kind="classes", sure="certain", message=message, advice="bring more, or join it with another", column=target.name
        )
    if counts[rarest] * len(counts) < 2 * RARE_SHARE * rows or counts[rarest] < RARE_SHARE * counts[commonest]:
        message = (
            f"{quoted(commonest)} has {counts[commonest] / rows:.1%} of the rows, {quoted(rarest)} {counts[rarest] / rows:.1%}: "
            f"{counts[commonest] / rows:.1%} accuracy is had by always saying {quoted(commonest)}"
        )
        advice = "judge by the other metrics; `class_weights: balanced` makes rare classes count more"
        yield Finding(kind="imbalance", sure="certain", message=message, advice=advice, column=target.name)


def _counts(values: pl.Series) -> dict[str, int]:
    text = values.cast(pl.String)
    counted_values = text.value_counts(sort=True)
    return dict(zip(counted_values.to_series(0).to_list(), counted_values.to_series(1).to_list(), strict=True))
