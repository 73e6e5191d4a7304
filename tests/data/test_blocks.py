"""Blocks of one size from batches of any."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.data.blocks import read_blocks
from ymltrain.plan.shapes import Reading


class InPieces:
    """A source of the numbers from 0 on, in batches of these sizes."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes

    def batches(self, columns):
        first = 0
        for size in self.sizes:
            yield pl.DataFrame({"n": pl.Series(range(first, first + size), dtype=pl.Int64)})
            first += size


@given(sizes=st.lists(st.integers(0, 50), max_size=20), size=st.integers(1, 60))
def test_all_rows_in_blocks_of_one_size(sizes, size):
    """Every row comes once and in order, in blocks that are full but for the last, each with its first row's number."""
    blocks = list(read_blocks(InPieces(sizes), {"n": Reading(type="number")}, size))
    assert [int(value) for _, block in blocks for value in block["n"]] == list(range(sum(sizes)))
    assert all(block["n"][0] == first_row for first_row, block in blocks)
    assert [block.height for _, block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert all(0 < block.height <= size for _, block in blocks)
