"""How many threads a worker of a search takes."""

import os

import pytest

from ymltrain.search.placement import threads_of_each

CORES = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("parallel", "written", "threads"),
    [(1, None, CORES), (CORES, None, 1), (4 * CORES, None, 1), (1, "1", 1), (2, "3", 3), (1, "", CORES), (1, "0", CORES)],
)
def test_a_worker_has_its_share_of_the_cores_or_what_the_user_set(parallel, written, threads):
    """Cores are shared out, one thread at least; OMP_NUM_THREADS stands where it is a number of threads."""
    environment = {} if written is None else {"OMP_NUM_THREADS": written}
    assert threads_of_each(parallel, environment) == threads
