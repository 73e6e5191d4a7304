from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ymltrain.record.ulid import is_ulid, new_ulid, ulid_time


def test_ids_of_one_moment_differ():
    """Ten thousand ids made as fast as can be are all different and all valid."""
    ids = {new_ulid() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(map(is_ulid, ids))


def test_an_id_tells_its_time():
    """The first 48 bits are the milliseconds at which the id was made."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = ulid_time(new_ulid())
    assert before <= made <= datetime.now(UTC)


def test_the_published_example():
    """The id of the specification decodes to the time it gives."""
    assert ulid_time("01ARYZ6S41TSV4RRFFQ69G5FAV") == datetime.fromtimestamp(1469918176.385, UTC)


def test_other_texts_are_no_ids():
    """Too short, too large and letters that Crockford's alphabet leaves out are refused."""
    good = new_ulid()
    assert not any(map(is_ulid, (good[:-1], good + "0", "7" + good[1:], good[:-1] + "U", good.lower(), "")))
