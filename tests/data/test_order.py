"""The order of rows, whole and window by window."""

from __future__ import annotations

import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.data.order import CHUNKS, WindowedOrder, epoch_order, order_of
from ymltrain.data.paging import MappedRows


def whole(order):
    """All of an order at once."""
    return order.part(0, order.rows).tolist()


@given(rows=st.integers(1, 3_000), window=st.integers(64, 4_000), cut=st.integers(1, 500), epoch=st.integers(0, 3))
def test_a_windowed_order_has_every_row_once_however_it_is_cut(rows, window, cut, epoch):
    """Parts of any size, from any place on, are parts of one order of all rows."""
    order = order_of(7, epoch, rows, window)
    expected = whole(order_of(7, epoch, rows, window))
    assert sorted(expected) == list(range(rows))
    assert [row for start in range(0, rows, cut) for row in order.part(start, start + cut).tolist()] == expected
    assert order_of(7, epoch, rows, window).part(rows // 2, rows).tolist() == expected[rows // 2 :]


def test_orders_differ_by_epoch_seed_and_window():
    """Nothing else: no batch size, no device, no place to start from is asked for."""
    orders = [
        whole(WindowedOrder(*draws, 1_000, window)) for *draws, window in [(7, 0, 128), (7, 1, 128), (8, 0, 128), (7, 0, 256)]
    ]
    assert len({tuple(order) for order in orders}) == 4


def test_the_windowed_order_is_the_same_on_every_machine_and_version():
    """A change here would break every reproduction of a run that streams."""
    assert whole(WindowedOrder(2**53 - 1, 12, 200, 64))[:10] == FIRST


def test_a_window_that_holds_all_rows_is_none():
    """The order then is that of no window."""
    assert whole(order_of(7, 2, 500, 500)) == epoch_order(7, 2, 500).tolist()


def test_rows_far_apart_meet_in_a_window():
    """Each window has chunks from the whole table, so a sorted table is mixed."""
    rows, window = 64_000, 6_400
    order = WindowedOrder(1, 0, rows, window)
    for start in range(0, rows, window):
        numbers = order.part(start, start + window).numpy()
        assert abs(numbers.mean() - rows / 2) < rows / 6
        assert np.ptp(numbers) > rows * 0.8


FIRST = [65, 128, 140, 67, 50, 20, 55, 175, 166, 34]


class Told:
    """Pages that remember what they were told."""

    def __init__(self):
        self.wanted: set[int] = set()
        self.most = 0

    def expect(self, start, stop):
        self.wanted |= set(range(start, stop))
        self.most = max(self.most, len(self.wanted))

    def release(self, start, stop):
        self.wanted -= set(range(start, stop))


@pytest.mark.parametrize("cut", [1, 100, 640, 700])
def test_rows_are_asked_for_before_they_come_and_let_go_after(cut):
    """What is wanted at a time is a window, or two where a part reaches into both."""
    told = Told()
    order = WindowedOrder(3, 0, 6_400, 640, told)
    for start in range(0, 6_400, cut):
        assert set(order.part(start, start + cut).tolist()) <= told.wanted
    assert told.most <= 640 * (2 + cut // 640)


def test_parts_of_several_windows():
    """A part that is longer than a window has all rows of it."""
    order = WindowedOrder(3, 1, 1_000, 64)
    assert sorted(order.part(0, 1_000).tolist()) == list(range(1_000))
    assert order.part(1_000, 1_200).tolist() == []
    assert CHUNKS == 64


@pytest.fixture
def mapped(tmp_path):
    """50,000 rows of 8 float32, mapped from a file."""
    np.save(tmp_path / "a.npy", np.arange(400_000, dtype=np.float32).reshape(50_000, 8))
    return np.load(tmp_path / "a.npy", mmap_mode="r")


def resident(array):
    """How many KiB of an array's file are mapped into this process's memory now."""
    name, total, is_mine = str(array.filename), 0, False
    with open("/proc/self/smaps", encoding="utf-8") as lines:  # noqa: PTH123
        for line in lines:
            if "-" in line.split(" ", 1)[0]:
                is_mine = line.rstrip().endswith(name)
            elif is_mine and line.startswith("Rss:"):
                total += int(line.split()[1])
    return total


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="this system has no madvise")
def test_rows_that_are_let_go_leave_memory_and_keep_their_values(mapped):
    """What was read is resident until it is released; then it is not, and reads as before."""
    pages = MappedRows([mapped, np.zeros(3)])
    total = float(mapped.sum())
    assert resident(mapped) > 1_500
    pages.release(0, 50_000)
    assert resident(mapped) < 100
    pages.expect(10, 20_000)
    assert float(mapped.sum()) == total


def test_arrays_in_memory_are_left_alone():
    """There is nothing to let go of; neither is there of an empty array."""
    array = np.ones((10, 2))
    MappedRows([array, np.empty((0, 3))]).release(0, 10)
    assert array.sum() == 20
