"""Numbers as a person reads them."""

import pytest

from ymltrain.report.numbers import chosen, figure


@pytest.mark.parametrize(
    ("value", "measured", "written"),
    [(0.004, "0.004000", "0.004"), (2.0, "2.000", "2.0"), (1e-5, "1.000e-05", "1e-05"), (1234.5678, "1,235", "1234.5678")],
)
def test_what_was_chosen_is_shown_as_it_is_written(value, measured, written):
    """A param has its own digits, a measured value four."""
    assert figure(value) == measured
    assert figure(chosen(value)) == written


def test_what_is_no_number_stays_what_it_is():
    """Words, counts and what is not there."""
    assert [chosen(value) for value in ("mlp", 3, None, True)] == ["mlp", 3, None, True]
    assert figure(float("inf")) == "inf"
