"""Batches in an order that is a function of (seed, epoch) alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.loader import StepLoader, TensorSplit, count_steps
from ymltrain.data.order import WholeOrder, epoch_order


def split_of(rows, number, category, target, weight=None):
    """Encoded rows, as the data layer hands them over."""
    inputs = {kind: array for kind, array in (("number", number), ("category", category)) if array is not None}
    return EncodedSplit(rows, inputs, target, weight)


def loader(*, start=(0, 0), batch_size=4, accumulate=1, group=3, rows=30):
    """A loader of 30 rows in the orders of seed 7."""
    return StepLoader(
        order=lambda epoch: WholeOrder(7, epoch, rows),
        batch_size=batch_size,
        accumulate=accumulate,
        start=lambda: start,
        group_size=lambda: group,
    )


def rows_of(groups):
    """The row numbers that groups serve."""
    return [row for group in groups for batches in group.steps for batch in batches for row in batch.tolist()]


def test_an_epoch_serves_every_row_once():
    """Whatever the batch, accumulation and group sizes, rows come in the epoch's one order, none left out."""
    expected = epoch_order(7, 0, 30).tolist()
    assert sorted(expected) == list(range(30))
    for batch_size, accumulate, group in [(1, 1, 1), (4, 1, 3), (4, 3, 2), (7, 2, 32), (64, 4, 1)]:
        assert rows_of(loader(batch_size=batch_size, accumulate=accumulate, group=group)) == expected


def test_orders_differ_by_epoch_and_seed_only():
    """An epoch has one order; other epochs and seeds have others."""
    assert torch.equal(epoch_order(7, 3, 1000), epoch_order(7, 3, 1000))
    assert not torch.equal(epoch_order(7, 3, 1000), epoch_order(7, 4, 1000))
    assert not torch.equal(epoch_order(7, 3, 1000), epoch_order(8, 3, 1000))


def test_the_order_is_the_same_on_every_machine_and_version():
    """Philox's raw stream is fixed; a change here would break every reproduction of a run."""
    assert epoch_order(2**53 - 1, 12, 10).tolist() == [8, 0, 6, 1, 9, 2, 3, 5, 7, 4]


def test_a_position_serves_the_rest_of_its_epoch():
    """Starting after five batches of epoch 2 serves exactly what an uninterrupted epoch 2 serves from there."""
    assert rows_of(loader(start=(2, 5))) == epoch_order(7, 2, 30).tolist()[20:]


def test_where_to_start_is_asked_for_each_epoch():
    """One loader serves one epoch after the other, each in its own order."""
    position = [0, 0]
    served = StepLoader(
        order=lambda epoch: WholeOrder(7, epoch, 30),
        batch_size=4,
        accumulate=1,
        start=lambda: (position[0], position[1]),
        group_size=lambda: 3,
    )
    first = rows_of(served)
    position[0] = 1
    assert rows_of(served) == epoch_order(7, 1, 30).tolist() != first


def test_accumulated_steps_stay_together():
    """A group holds whole optimizer steps; only the epoch's last step may be short."""
    groups = list(loader(accumulate=3, group=2))
    assert [[len(batches) for batches in group.steps] for group in groups] == [[3, 3], [2]]
    assert [group.first_batch for group in groups] == [0, 6]
    assert count_steps(30, 4, 3) == (8, 3)


def test_a_loader_has_no_length():
    """Lightning never runs the iterator of a sized loader to its end."""
    with pytest.raises(TypeError):
        len(loader())


def test_tensors_share_the_arrays_memory():
    """No copy is made, of read-only arrays neither."""
    number = np.zeros((3, 2), np.float32)
    target = np.arange(3, dtype=np.float32)
    target.flags.writeable = False
    split = TensorSplit.of(split_of(3, number, None, target)).placed(torch.device("cpu"))
    number[1] = 5
    assert split.all.inputs["number"][1].tolist() == [5, 5]
    assert split.all.target.data_ptr() == target.ctypes.data
    assert split.nbytes == number.nbytes + target.nbytes


def test_a_batch_holds_the_asked_for_rows():
    """Numbers, categories and targets of the same rows, in the order asked for; kinds without a feature are absent."""
    category = np.array([[1], [2], [3]], np.int32)
    split = TensorSplit.of(split_of(3, None, category, np.array([10, 11, 12])))
    batch = split.take(torch.tensor([2, 0]))
    assert batch.inputs.keys() == {"category"}
    assert batch.inputs["category"].tolist() == [[3], [1]]
    assert batch.target.tolist() == [12, 10]
    assert split.part(1, 9).target.tolist() == [11, 12]


def test_a_float64_network_gets_float64_numbers():
    """Numbers and a regression target follow a float64 network; of a narrower one only the numbers do."""
    encoded = split_of(2, np.ones((2, 1), np.float32), np.ones((2, 1), np.int32), np.ones(2, np.float32))
    wide = TensorSplit.of(encoded).placed(torch.device("cpu"), torch.float64)
    narrow = TensorSplit.of(encoded).placed(torch.device("cpu"), torch.bfloat16)
    assert (wide.all.inputs["number"].dtype, wide.all.target.dtype) == (torch.float64, torch.float64)
    assert (narrow.all.inputs["number"].dtype, narrow.all.target.dtype) == (torch.bfloat16, torch.float32)
    assert wide.all.inputs["category"].dtype == torch.int32
