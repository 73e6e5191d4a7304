"""A recipe for a table: looked at, decided, written, and compiled before it gets its name.

YT705 the target is no column of the table; YT720 a table without rows; YT880 no datasource reads the file; YT881 a target
that cannot be predicted; YT882 a table too small to train on; YT883 a file that is there already, or cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import DataError, did_you_mean
from ymltrain.drafting.columns import ColumnDrafter
from ymltrain.drafting.dialect import encoding_finding, find_dialect, next_encoding
from ymltrain.drafting.expected import CATEGORY, Expected, expect_types
from ymltrain.drafting.findings import ColumnDraft, Finding, counted
from ymltrain.drafting.leaks import MOST_ROWS, Relation, find_relation
from ymltrain.drafting.notation import NULLS_OF_NUMBERS, find_notation
from ymltrain.drafting.settings import (
    FEW_ROWS,
    FEWEST_ROWS,
    SplitDraft,
    TrainingDraft,
    draft_split,
    draft_training,
    seed_that_fills,
)
from ymltrain.drafting.source import TableSource, find_source
from ymltrain.drafting.survey import Survey, survey_table
from ymltrain.drafting.target import TargetColumn, TargetDraft, draft_target
from ymltrain.drafting.typed import TypedTable, settle_types
from ymltrain.kinds.number_text import NumberNotation
from ymltrain.plan.shapes import Reading

SAMPLE_ROWS = 10_000
BY_REPEATS = 0.5
"""Where more of the features than this are tied to the target by repeated values, it is rows that repeat, not a leak."""


@dataclass(frozen=True)
class Draft:
    """All that a recipe for a table says, and what to know of the table."""

    source: TableSource
    looked_at: int
    total: int
    is_all: bool
    target: TargetDraft
    columns: tuple[ColumnDraft, ...]
    split: SplitDraft
    training: TrainingDraft
    findings: tuple[Finding, ...]


def draft_recipe(data: str, target: str, catalog: Catalog, environment: Mapping[str, str], limit: int) -> Draft:
    """Look at up to `limit` rows of DATA and decide. Raises DataError, UsageError, PluginError."""
    source = find_source(data, catalog, environment)
    findings: list[Finding] = []
    if source.is_text:
        source, findings = find_dialect(source, catalog)
    while True:
        try:
            return _Look(source, target, catalog, limit, findings).draft()
        except DataError as error:
            following = next_encoding(source) if error.code == "YT703" and source.is_text else None
            if following is None:
                raise
            source, findings = following, [encoding_finding(following)]  # what is not UTF-8 stands far down


class _Look:
    """One look at a table whose files can be read."""

    def __init__(self, source: TableSource, target: str, catalog: Catalog, limit: int, findings: Sequence[Finding]) -> None:
        self._source = source
        self._target = target
        self._catalog = catalog
        self._limit = limit
        self._findings = list(findings)
        self._is_integer = False

    def draft(self) -> Draft:
        """The whole draft."""
        written_nulls = self._source.params.get("null_values")
        raw = {"null_values": written_nulls or [""]} if self._source.is_text else {}
        sample = self._source.open(**raw).sample(SAMPLE_ROWS)
        if not sample.total_rows:
            raise DataError(
                "YT720", "the table has no rows", "check that this is the right file, and that it was written to its end"
            )
        table = pl.DataFrame(sample.table)
        if self._target not in table.columns:
            raise DataError("YT705", f'the table has no column "{self._target}"', did_you_mean(self._target, table.columns))
        self._is_integer = table.schema[self._target].is_integer()
        text = _all_text(self._source, raw) if self._source.is_text else table
        notation = self._notation(text)
        expected = self._expected(text, notation)
        survey = survey_table(self._source.open(**raw), expected.read_as, expected.types, notation, self._limit)
        nulls = None if written_nulls else self._source.default_nulls
        typed = settle_types(survey, expected.types, notation, (self._target,), nulls)
        self._findings += typed.findings
        source = self._with_params(notation, typed)
        total = survey.looked_at if survey.is_all else max(sample.total_rows, survey.looked_at)
        return self._decide(source, expected, survey, typed, table.columns, total)

    def _notation(self, text: pl.DataFrame) -> NumberNotation:
        params = self._source.params
        if not self._source.is_text or {"decimal", "thousands"} & params.keys():
            return NumberNotation(str(params.get("decimal", ".")), params.get("thousands"))
        notation, found = find_notation(text, str(params.get("delimiter", ",")))
        self._findings += found
        return notation

    def _expected(self, table: pl.DataFrame, notation: NumberNotation) -> Expected:
        """The columns' types by the first rows; those that the source cannot give as numbers are none."""
        expected = expect_types(table, notation)
        if self._source.is_text:
            return expected
        for name in table.columns:
            if name not in expected.types:
                message = f"it holds {table.schema[name]}, which no column type reads"
                self._findings.append(Finding(kind="unreadable", sure="certain", message=message, column=name))
            elif expected.read_as[name] == CATEGORY and expected.types[name].type == "number" and not self._gives_numbers(name):
                message = "it holds numbers as text, which this kind of file does not give as numbers"
                advice = "write it as a column of numbers"
                self._findings.append(Finding(kind="numbers", sure="certain", message=message, advice=advice, column=name))
                expected.types[name] = CATEGORY
        return expected

    def _gives_numbers(self, name: str) -> bool:
        nulls = {"null_values": sorted(NULLS_OF_NUMBERS)} if self._source.default_nulls is not None else {}
        batch = next(iter(self._source.open(**nulls).batches({name: "number"})), None)
        return batch is not None and pl.DataFrame(batch).to_series(0).dtype.is_numeric()

    def _with_params(self, notation: NumberNotation, typed: TypedTable) -> TableSource:
        """The source with what its text says of numbers and missing values."""
        source = self._source
        if source.default_nulls is None:
            return source
        if notation.decimal != ".":
            source = source.changed(decimal=notation.decimal)
        if notation.thousands is not None:
            source = source.changed(thousands=notation.thousands)
        if set(typed.nulls) != set(source.default_nulls or ()) and "null_values" not in source.params:
            source = source.changed(null_values=list(typed.nulls))
        return source

    def _decide(  # noqa: PLR0913 - all that has been seen
        self, source: TableSource, expected: Expected, survey: Survey, typed: TypedTable, names: Sequence[str], total: int
    ) -> Draft:
        target = self._draft_target(survey, typed)
        drafter = ColumnDrafter(expected, typed, is_all=survey.is_all)
        drafted = {
            name: drafter.draft(name, typed.columns[name], typed.readings[name])
            if name in typed.readings
            else ColumnDraft(name, "ignore", "certain", "of a type that cannot be read")
            for name in names
            if name != self._target
        }
        self._findings += drafter.findings
        self._look_for_leaks(drafted, target, typed)
        columns = tuple(drafted.values())
        rows = round(total * len(target.values) / max(1, survey.rows.height))
        if rows < FEWEST_ROWS:
            message = f"the table has {counted(rows, 'row')} with a target: too few to train, to compare and to test"
            raise DataError("YT882", message, f"bring {FEWEST_ROWS} at least; some hundreds make a model")
        split = draft_split(target, columns, typed.columns, rows, is_all=survey.is_all)
        split = self._seeded(split, source, target, typed.readings[self._target], rows)
        self._findings += [*target.findings, *split.findings]
        return Draft(
            source=source,
            looked_at=survey.looked_at,
            total=total,
            is_all=survey.is_all,
            target=target,
            columns=columns,
            split=split,
            training=draft_training(target, rows),
            findings=tuple(self._findings),
        )

    def _draft_target(self, survey: Survey, typed: TypedTable) -> TargetDraft:
        if self._target not in typed.readings:
            message = f'the target "{self._target}" is of a type that cannot be read'
            raise DataError("YT881", message, "predict a number, or classes: --target COLUMN")
        written, values = survey.column(self._target), typed.columns[self._target]
        words: list[str] = []
        labels = written
        if written.dtype == pl.String:
            words = sorted(set(written.drop_nulls().unique().to_list()) & (set(typed.nulls) - {""}))
            labels = written.set(written.is_in(list(typed.nulls)), None)
        elif written.dtype != pl.Boolean:
            labels = (written.cast(pl.Int64) if self._is_integer else written).cast(pl.String)
        column = TargetColumn(self._target, values, labels, typed.readings[self._target].type, survey.is_all)
        return draft_target(column, words)

    def _look_for_leaks(self, drafted: dict[str, ColumnDraft], target: TargetDraft, typed: TypedTable) -> None:
        """Warn of features that tell the target; leave out those that do so without an exception."""
        used = [name for name, column in drafted.items() if column.type not in ("ignore", "text", "vector")]
        labels = typed.columns[self._target].filter(target.is_present)
        rows = pl.DataFrame(
            {str(place): typed.columns[name].filter(target.is_present) for place, name in enumerate(used)} | {"target": labels}
        ).unique(maintain_order=True)
        rows = rows.gather_every(max(1, rows.height // MOST_ROWS))
        found: dict[str, Relation] = {}
        for place, name in enumerate(used):
            relation = find_relation(rows.get_column(str(place)), rows.get_column("target"), is_class=bool(target.classes))
            if relation is not None:
                found[name] = relation
        repeated = [name for name, relation in found.items() if relation.by_repeats]
        if len(repeated) > max(1, BY_REPEATS * len(used)):
            message = (
                f"rows that agree in the target agree in {counted(len(repeated), 'feature')} too: is one thing in several rows?"
            )
            advice = "keep its rows in one split: `split: {type: group, by: COLUMN}`"
            self._findings.append(Finding(kind="groups", sure="likely", message=message, advice=advice))
            found = {name: relation for name, relation in found.items() if not relation.by_repeats}
        for name, relation in found.items():
            self._findings.append(_leak(name, relation))
            if relation.is_exact:
                drafted[name] = ColumnDraft(name, "ignore", "likely", f"a leak: {relation.words}")

    def _seeded(self, split: SplitDraft, source: TableSource, target: TargetDraft, reading: Reading, rows: int) -> SplitDraft:
        if rows >= FEW_ROWS:
            return split
        found = seed_that_fills(split, source.open(), self._catalog, target, reading)
        return SplitDraft(**{**vars(split), "seed": found or 0})


def _leak(name: str, relation: Relation) -> Finding:
    if relation.is_exact:
        advice = "it is left out; if it is known before the target is, write it in `features`"
        return Finding(kind="leak", sure="likely", message=relation.words, advice=advice, column=name)
    advice = "it is kept; leave it out if it is known only once the target is"
    return Finding(kind="leak", sure="guess", message=relation.words, advice=advice, column=name)


def _all_text(source: TableSource, raw: Mapping[str, object]) -> pl.DataFrame:
    """The first rows of a source of text with every column as its text."""
    names = pl.Schema(source.open(**raw).schema()).names()
    frames: list[pl.DataFrame] = []
    for batch in source.open(**raw).batches(dict.fromkeys(names, "category")):
        frames.append(pl.DataFrame(batch))
        if sum(frame.height for frame in frames) >= SAMPLE_ROWS:
            break
    return pl.concat(frames).head(SAMPLE_ROWS)
