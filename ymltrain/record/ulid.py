"""Run ids: ULIDs, 26 characters that sort by the time they were made (https://github.com/ulid/spec)."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID = re.compile(rf"[0-6][{CROCKFORD}]{{25}}")  # a 7 at the front lies beyond the year 9999, where datetime ends
TIME_CHARACTERS, RANDOM_BITS = 10, 80


def new_ulid() -> str:
    """A ULID of now: 48 bits of milliseconds, then 80 random bits. Two of one millisecond sort at random."""
    number = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether a text is a ULID as `new_ulid` writes them."""
    return ULID.fullmatch(text) is not None


def short_ids(ulids: Sequence[str]) -> list[str]:
    """The beginnings of ULIDs: when they were made and, where that is not enough, as much more as tells them apart."""
    length = next(n for n in range(TIME_CHARACTERS, 27) if len({ulid[:n] for ulid in ulids}) == len(set(ulids)))
    return [ulid[:length] for ulid in ulids]


def ulid_time(ulid: str) -> datetime:
    """When a ULID was made, in UTC, to the millisecond."""
    milliseconds = 0
    for character in ulid[:TIME_CHARACTERS]:
        milliseconds = milliseconds << 5 | CROCKFORD.index(character)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
