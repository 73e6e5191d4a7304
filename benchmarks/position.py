"""Going on in the middle of an epoch against beginning it: a position is a number, and nothing before it is replayed.

The first batch of an epoch of many rows, from its beginning and from 99 % of it. Bound: 1.25 × the time.
"""

import time

import torch
from measure import pairs, report

from ymltrain.data.loader import StepLoader
from ymltrain.data.order import order_of

ROUNDS, ROWS, BATCH = 9, 1_000_000, 256


def first_batch(batch: int) -> float:
    """Seconds of processor time until the batch of this number is there, its rows' order drawn anew."""
    started = time.process_time()
    loader = StepLoader(
        order=lambda epoch: order_of(7, epoch, ROWS, None, None),
        batch_size=BATCH,
        accumulate=1,
        start=lambda: (3, batch),
        group_size=lambda: 1,
    )
    group = next(iter(loader))
    assert group.first_batch == batch
    return time.process_time() - started


def main():
    torch.set_num_threads(1)
    last = ROWS // BATCH * 99 // 100
    report("resume-at-99-percent", pairs(lambda: first_batch(last), lambda: first_batch(0), ROUNDS), bound=1.25)


main()
