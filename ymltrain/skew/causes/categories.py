"""Causes for ids of categories: which id was served where which was expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.causes.evidence import CONVINCED, Cause, Difference, Guess, choose
from ymltrain.skew.causes.texts import CHANGES, changed
from ymltrain.skew.records import Floats, Mask


@dataclass(frozen=True)
class Ids:
    """Expected and served ids of the affected rows, and the raw texts; `all_raw` and `differs` are of every row replayed."""

    raw: pl.Series
    expected: Floats
    served: Floats
    all_raw: pl.Series
    differs: Mask


def explain_ids(difference: Difference, values: Sequence[str] | None, extra: Iterable[Guess] = ()) -> Cause | None:
    """The cause of differing ids. `values` are the vocabulary in the order of its ids, from 1, when there is one."""
    rows = difference.affected
    ids = Ids(
        difference.raw[rows.tolist()],
        difference.expected[rows],
        difference.served[rows],
        difference.raw,
        difference.differs,
    )
    found = choose(_all(difference, ids, extra), ids.served, difference.tolerance)
    if found is not None:
        return found
    return _mapping(ids, values)


def _all(difference: Difference, ids: Ids, extra: Iterable[Guess]) -> Iterator[Guess]:
    yield from extra
    yield from _text_changes(difference, ids)
    yield from _constant(difference, ids)
    yield from _off_by(ids)


def _constant(difference: Difference, ids: Ids) -> Iterator[Guess]:
    middle = Counter(ids.served.tolist()).most_common(1)[0][0]
    if middle == 0 and difference.differs.all():
        simplicity = 6  # everything unknown: rather texts that were changed
    elif np.unique(ids.expected).size == 1 and (_is_by_value(ids) or _is_picked(ids)):
        return  # one value got one other id: a mapping
    else:
        simplicity = 2
    null = np.asarray(difference.encode(pl.Series("values", [None], pl.String)), np.float64)[0]
    what = "the id of unseen values" if middle == 0 else "the id of missing values" if middle == null else f"the id {middle:g}"
    words = f"{what} was served instead of the value's own"
    yield Guess("default_fill", words, np.full_like(ids.served, middle), simplicity, {"id": middle})


def _is_by_value(ids: Ids) -> bool:
    """Whether it depends on the value alone if a row is affected: all rows of an affected value are."""
    affected = set(ids.raw.unique().to_list())
    all_of_them = ids.all_raw.is_in(list(affected - {None}))
    if None in affected:
        all_of_them |= ids.all_raw.is_null()
    return float(ids.differs[all_of_them.fill_null(value=False).to_numpy()].mean()) >= CONVINCED


def _is_picked(ids: Ids) -> bool:
    """Whether rows drawn without regard to their value would hardly all have the one value that the affected ones have."""
    mine = ids.all_raw.is_null() if ids.raw[0] is None else ids.all_raw == ids.raw[0]
    share = int(mine.sum()) / ids.all_raw.len()
    return bool(share**ids.expected.size < 0.05)


def _text_changes(difference: Difference, ids: Ids) -> Iterator[Guess]:
    """The text was changed before it was encoded, so that its value is another one or unknown."""
    if ids.raw.dtype != pl.String:
        return
    texts = ids.raw.drop_nulls().unique().to_list()
    everything = difference.raw.drop_nulls().unique().to_list()
    is_by_value = _is_by_value(ids)
    for words, change in CHANGES.items():
        made = changed(texts, change)
        if all(made[text] == text for text in texts):
            continue
        column = ids.raw.replace(list(made), list(made.values()))
        predicted = np.asarray(difference.encode(column), np.float64).reshape(-1)
        if not np.unique(predicted).size:
            continue
        unknown = (predicted == 0).all()
        fits_all = is_by_value and _spares_the_rest(difference, everything, words)
        if is_by_value and not fits_all:
            continue  # it would have changed values that were served as they are
        simplicity = 1 if not unknown else 2 if fits_all else 4
        yield Guess("string_encoding", f"the text was served {words}", predicted, simplicity, {"change": words})


def _spares_the_rest(difference: Difference, texts: list[str], words: str) -> bool:
    """Whether the change would touch exactly the values that are affected."""
    made = changed(texts, CHANGES[words])
    touched = [text for text in texts if made[text] != text]
    return bool(difference.differs[difference.raw.is_in(touched).fill_null(value=False).to_numpy()].mean() >= CONVINCED)


def _off_by(ids: Ids) -> Iterator[Guess]:
    shift = float(np.median(ids.served - ids.expected))
    if np.unique(ids.expected).size >= 2:
        words = (
            f"all ids are off by {shift:+g}, as without the id of unseen values"
            if abs(shift) == 1
            else f"all ids are off by {shift:+g}"
        )
        yield Guess("shifted_ids", words, ids.expected + shift, 3, {"shift": shift}, needs=2)


def _mapping(ids: Ids, values: Sequence[str] | None) -> Cause | None:
    """Each expected id has one served id: a permuted, swapped or outdated vocabulary."""
    pairs = Counter(zip(ids.expected.tolist(), ids.served.tolist(), strict=True))
    mapping: dict[float, float] = {}
    kept = 0
    for (expected, served), count in pairs.most_common():
        if expected not in mapping:
            mapping[expected] = served
            kept += count
    explained = kept / ids.expected.size
    if explained < CONVINCED or (len(mapping) == len(pairs) == ids.expected.size and len(mapping) > 3):
        return None
    found: dict[str, Any] = {"served": {value_name(values, e): value_name(values, s) for e, s in sorted(mapping.items())}}
    if set(mapping.values()) == {0.0}:
        names = ", ".join(value_name(values, e) for e in sorted(mapping))
        return Cause("outdated_vocabulary", f"the serving vocabulary lacks {names}", explained, found)
    if len(mapping) <= 2 and all(mapping.get(mapping[e], e) == e for e in mapping):
        first, second = next(iter(mapping.items()))
        one, other = value_name(values, first), value_name(values, second)
        is_seen_both_ways = len(mapping) > 1
        words = f"the ids of {one} and {other} are swapped" if is_seen_both_ways else f"{one} got the id of {other}"
        return Cause("swapped_ids", words, explained, found, ("permuted_vocabulary",))
    order = _known_order(values, mapping) if values is not None else None
    words = f"the vocabulary is in another order: {order}" if order else "the vocabulary is in another order"
    if len(set(mapping.values())) < len(mapping):
        words = "several values share an id: the vocabulary is another one"
    return Cause("permuted_vocabulary", words, explained, {**found, **({"order": order} if order else {})}, ("swapped_ids",))


def _known_order(values: Sequence[str], mapping: dict[float, float]) -> str | None:
    """The order in which the vocabulary was numbered, when it is one that programs make."""
    orders: dict[str, list[str]] = {
        "sorted": sorted(values),
        "sorted without regard to case": sorted(values, key=str.casefold),
        "sorted backwards": sorted(values, reverse=True),
        "reversed": list(reversed(values)),
        "sorted by length": sorted(values, key=len),
    }
    for words, order in orders.items():
        for first in (0, 1):
            ids = {value: float(place + first) for place, value in enumerate(order)}
            wanted = {float(place + 1): ids[value] for place, value in enumerate(values)}
            if all(wanted.get(expected) == served for expected, served in mapping.items()):
                return words
    return None


def value_name(values: Sequence[str] | None, number: float) -> str:
    """The value that has this id."""
    if number == 0:
        return "a value never seen"
    if values is None or not 1 <= number <= len(values):
        return f"id {number:g}"
    return values[int(number) - 1]
