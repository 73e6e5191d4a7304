"""What every split must do.

A split's own tests subclass the kit in a module of theirs

    class TestMySplit(SplitKit):
        def make(self):
            return MySplit(MyParams())

and pytest runs what they inherit. The kit's table has an integer `id`, unequal in all rows, and a text `group`; a split
that needs other columns overrides `table`. Splits are told that `group` is the target and the key, `id` the time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.api import ColumnRoles, Split

ROWS = 5_000
ROLES = ColumnRoles(keys=("group",), target=("group",), event_time="id")


class SplitKit:
    """The tests, as pytest collects them."""

    def make(self) -> Split:
        """A split as a run makes it."""
        raise NotImplementedError

    def table(self) -> pl.DataFrame:
        """A table of 5,000 rows or so that the split can divide."""
        return pl.DataFrame({"id": range(ROWS), "group": [f"group {n % 500}" for n in range(ROWS)]})

    def test_gives_every_row_one_split(self) -> None:
        """Each row gets 0, 1 or 2, as uint8."""
        codes = self._assign(self.table(), seed=1)
        assert codes.dtype == np.uint8
        assert codes.shape == (self.table().height,)
        assert set(codes.tolist()) <= {0, 1, 2}

    def test_asks_for_columns_that_are_there(self) -> None:
        """The columns it asks for are among those there are, each once, and the same every time."""
        available = self.table().columns
        columns = list(self.make().columns(ROLES, available))
        assert set(columns) <= set(available)
        assert len(columns) == len(set(columns))
        assert columns == list(self.make().columns(ROLES, available))

    def test_is_a_function_of_rows_and_seed(self) -> None:
        """The same rows and seed give the same split, in another object too."""
        assert (self._assign(self.table(), seed=1) == self._assign(self.table(), seed=1)).all()

    def test_does_not_depend_on_batches(self) -> None:
        """A table cut into batches of any size is split as the whole, an empty batch included."""
        whole = self._assign(self.table(), seed=1)
        for size in (1_000, 997):
            assert (self._assign(self.table(), seed=1, size=size) == whole).all()
        assert self._assign(self.table().clear(), seed=1).shape == (0,)

    def test_appended_rows_move_no_row(self) -> None:
        """Rows stay where they are when more come after them, unless the split has to see the whole table."""
        table = self.table()
        if hasattr(self.make(), "survey"):
            return
        shorter = self._assign(table.head(table.height // 2), seed=1)
        assert (self._assign(table, seed=1)[: len(shorter)] == shorter).all()

    def test_meets_its_fractions(self) -> None:
        """`fractions` add up to 1 and are about what rows get; a fraction of 0 gets none."""
        fractions, codes = self.make().fractions, self._assign(self.table(), seed=1)
        assert abs(sum(fractions) - 1) < 1e-6
        for code, fraction in enumerate(fractions):
            share = float((codes == code).mean())
            assert share == 0 if fraction == 0 else abs(share - fraction) < 0.1

    def _assign(self, table: pl.DataFrame, seed: int, size: int = ROWS) -> npt.NDArray[np.uint8]:
        """All rows in batches, after a survey of them where the split makes one."""
        split = self.make()
        columns = list(split.columns(ROLES, table.columns))
        batches = [(start, table.slice(start, size)) for start in range(0, max(1, table.height), size)]
        asked = [(start, rows.select(columns) if columns else rows) for start, rows in batches]
        survey = getattr(split, "survey", None)
        assigning: Split = split if survey is None else survey((rows for _, rows in asked), seed)
        return np.concatenate([assigning.assign(rows, start, seed) for start, rows in asked])
