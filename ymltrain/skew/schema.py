"""Schema skew: where records broke the contract of the bundle's inputs.

Written rules. A column that is not there, a value of another type and an infinity are engineering faults: the contract says so. A
text that differs from a known one by case, accents, spaces or separators alone is a fault when it took the known one's place,
else undetermined. More missing values than training had are undetermined: the contract allows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

import polars as pl

from ymltrain.skew.causes.texts import folded
from ymltrain.skew.findings import Finding
from ymltrain.skew.histogram import CategoryBins
from ymltrain.skew.log_profile import Field, LogProfile, Occurrence
from ymltrain.skew.measures import measured
from ymltrain.skew.profile import Distribution, Profile
from ymltrain.skew.statistics import compare_counts, proportion_p

TAKEN_OVER = 0.5
COMMON = 0.01
FAR_MORE = 1e-4


def schema_findings(log: LogProfile, reference: Profile | None, extra: dict[str, pl.Series]) -> Iterator[Finding]:
    """All breaks of the contract. `extra` holds drawn values of input columns that the contract does not know."""
    renamed = _renamed(log, reference, extra)
    for name, field in log.fields.items():
        if field.absent.count:
            yield _absent(name, field.absent, log, renamed.get(name))
        if field.wrong_type.count:
            yield _wrong_type(name, field.wrong_type, log)
        if field.infinite.count and _are_new(field.infinite, log, reference, name):
            known = 0 if reference is None or reference.infinite is None else reference.infinite.get(name, 0)
            before = (
                f"training had {known:,} in {reference.rows:,} rows" if known and reference is not None else "training had none"
            )
            shown = f"{name}: {field.infinite.count:,} infinite values; {before}"
            yield _fault(name, "infinite_value", shown, field.infinite, log)
        yield from _variants(name, field, log, reference)
    if log.damaged.count:
        shown = f"{log.damaged.count:,} lines of the log are no records, first {log.damaged.value}"
        yield _fault(None, "unreadable_record", shown, log.damaged, log)


def _fault(name: str | None, cause: str, message: str, found: Occurrence, log: LogProfile, **more: object) -> Finding:
    share = found.count / max(1, log.rows)
    return Finding(
        skew_class="schema",
        feature=name,
        kind="engineering_fault",
        cause=cause,
        message=message,
        distance=share,
        threshold=0.0,
        onset_row=found.row,
        affected_rows=found.count,
        share=share,
        evidence=({"row": found.row, "request_id": found.request_id, "value": found.value},),
        rank=share,
        **more,  # type: ignore[arg-type]
    )


def _absent(name: str, found: Occurrence, log: LogProfile, renamed: str | None) -> Finding:
    which = "every record" if found.count == log.rows else f"{found.count:,} of {log.rows:,} records"
    if renamed is not None:
        message = f'{name}: is not in {which}; "{renamed}", which the contract does not know, looks like it'
        return _fault(name, "renamed_column", message, found, log, parameters={"now": renamed}, alternatives=("missing_column",))
    return _fault(name, "missing_column", f"{name}: is not in {which}, and the contract requires it", found, log)


def _wrong_type(name: str, found: Occurrence, log: LogProfile) -> Finding:
    shown = found.value or ""
    is_number = _is_number(shown)
    cause = "number_as_text" if is_number else "wrong_type"
    what = "numbers written as text" if is_number else "values of another type"
    message = f"{name}: {found.count:,} {what}, first {shown!r} in record {found.row:,}"
    return _fault(name, cause, message, found, log, alternatives=("wrong_type",) if is_number else ())


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _are_new(found: Occurrence, log: LogProfile, reference: Profile | None, name: str) -> bool:
    """Whether training had none, or far fewer than the log."""
    if reference is None or name not in reference.features:
        return True
    counts = reference.features[name].array
    known = int(counts[-1]) if reference.infinite is None else reference.infinite.get(name, 0)
    return known == 0 or proportion_p(known, int(counts.sum()), found.count, log.rows) < FAR_MORE


def _renamed(log: LogProfile, reference: Profile | None, extra: dict[str, pl.Series]) -> dict[str, str]:
    """For absent columns the unknown one that is most like it, by name or by what it holds."""
    renamed: dict[str, str] = {}
    absent = {name: field.absent for name, field in log.fields.items() if field.absent.count}
    for name, found in absent.items():
        best, score = None, 0.0
        for other, there in log.extra.items():
            if not 0.5 <= there.count / found.count <= 2:
                continue
            alike = SequenceMatcher(None, _letters(name), _letters(other)).ratio()
            alike = 1.0 if _letters(name) in _letters(other) or _letters(other) in _letters(name) else alike
            held = _holds_the_same(reference, name, extra.get(other))
            likeness = alike if held is None else 0.4 * alike + 0.6 * held
            if likeness > score:
                best, score = other, likeness
        if best is not None and score >= 0.55:
            renamed[name] = best
    return renamed


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _holds_the_same(reference: Profile | None, name: str, values: pl.Series | None) -> float | None:
    """1 when the values lie in the bins of the reference as training's did, 0 when nowhere alike."""
    if reference is None or values is None or name not in reference.features:
        return None
    distribution = reference.features[name]
    column = measured(values.drop_nulls())
    if isinstance(distribution.bins, CategoryBins) != (column.dtype == pl.String) or not column.len():
        return 0.0
    counts = distribution.bins.count(column)
    return 1 - compare_counts(distribution.array[:-1], counts[:-1], is_ordered=False).tvd


def _variants(name: str, field: Field, log: LogProfile, reference: Profile | None) -> Iterator[Finding]:
    """Texts that are known ones but for case, accents, spaces and the like."""
    if reference is None or name not in reference.features or not field.unseen:
        return
    known: Distribution = reference.features[name]
    if not isinstance(known.bins, CategoryBins):
        return
    meant: dict[str, str] = {}
    for value in known.bins.values:
        meant.setdefault(folded(value), value)
    pairs = {value: meant[folded(value)] for value in field.unseen if folded(value) in meant}
    count = sum(field.unseen[value].count for value in pairs)
    if count < 3 and count / max(1, log.rows) < 0.001:
        return
    first = min((field.unseen[value] for value in pairs), key=lambda found: found.row)
    share = count / max(1, log.rows)
    shown = ", ".join(f'"{value}" for "{known}"' for value, known in list(pairs.items())[:3])
    took_over = _took_over(pairs, field, log.features[name], known)
    message = f"{name}: {count:,} texts are known ones but for their writing: {shown}"
    yield Finding(
        skew_class="schema",
        feature=name,
        kind="engineering_fault" if took_over else "undetermined",
        cause="string_encoding",
        message=message,
        distance=share,
        threshold=0.001,
        onset_row=first.row,
        affected_rows=count,
        share=share,
        parameters={"written": pairs},
        evidence=tuple(
            {"row": f.row, "request_id": f.request_id, "value": v} for v, f in list(field.unseen.items())[:5] if v in pairs
        ),
        rank=share,
    )


def _took_over(pairs: dict[str, str], field: Field, log: Distribution, reference: Distribution) -> bool:
    """Whether a common value all but vanished while its other writing appeared."""
    bins = reference.bins
    assert isinstance(bins, CategoryBins)
    place = {value: position for position, value in enumerate(bins.values)}
    total = max(1, int(reference.array.sum()))
    for value, meant in pairs.items():
        written, proper = field.unseen[value].count, int(log.array[place[meant]])
        if reference.array[place[meant]] / total >= COMMON and written / max(1, written + proper) >= TAKEN_OVER:
            return True
    return False
