"""What befalls single ranks of a run of several processes: it is named, survived where that was asked for, and costs no bit."""

import json
import signal
import time
from pathlib import Path

import pytest


def assert_same(result, expected):
    """The tensors and metrics of two fits are the same to the bit."""
    assert result["status"] == expected["status"] == "done"
    assert result["tensor_digest"] == expected["tensor_digest"]
    assert result["metrics"] == expected["metrics"]


def children_of(process):
    """The processes that a process has started."""
    return [
        Path("/proc", pid)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def assert_gone(workers):
    """There were some, and soon there are none."""
    deadline = time.monotonic() + 30
    while any(worker.exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers
    assert not [worker for worker in workers if worker.exists()]


@pytest.mark.parametrize(
    ("strategy", "nth"),
    [
        ("ddp", 15),
        pytest.param("ddp", 2, marks=pytest.mark.slow),  # before any checkpoint
        pytest.param("fsdp", 15, marks=pytest.mark.slow),
    ],
)
def test_a_killed_rank_is_replaced(place, whole, strategy, nth):
    """`max_restarts` starts all workers anew from the newest checkpoint; the weights are those of a run without accident."""
    result, errors = place.fit(f"strategy={strategy}", "compute.max_restarts=1", place.fault("kill", nth))
    assert "rank 1" in errors
    assert "was killed by SIGKILL; restart 1 of 1" in errors
    assert json.loads((place.run_folder() / "restarts.json").read_text()) == {"failures": 1, "preemptions": 0}
    assert_same(result, whole(strategy))


@pytest.mark.parametrize("strategy", [pytest.param("ddp", marks=pytest.mark.slow), "fsdp"])
def test_all_killed_at_once_goes_on_bit_equal(place, whole, strategy):
    """The main process and a rank die; the other worker ends itself, and resuming gives the very same weights."""
    process = place.start(f"strategy={strategy}", place.fault("kill_all", 16))
    process.communicate(timeout=200)
    assert process.returncode == -signal.SIGKILL
    result, _ = place.fit(f"strategy={strategy}", place.fault("kill_all", 16), "--resume")
    assert result["resumed_from"] == "0-6"
    assert_same(result, whole(strategy))


def test_a_rank_that_raises_is_one_named_error(place):
    """Not a traceback a rank: one error that says which rank and why, and where the rest is."""
    document, errors = place.fit(place.fault("raise", 3), exits=1)
    assert document["error"]["code"] == "YT982"
    assert "rank 1 failed: ValueError: the third row is odd" in document["error"]["message"]
    assert "Traceback" not in errors
    logs = list((place.run_folder() / "ranks").glob("*/attempt_0/1/stderr.log"))
    assert "the third row is odd" in logs[0].read_text()


@pytest.mark.slow
@pytest.mark.parametrize("do", ["stop", "sleep"])
def test_a_rank_that_hangs_is_named(place, do):
    """One whose process is stopped, and one that lives but does not move: both are ended and named."""
    document, _ = place.fit(place.fault(do, 9), "compute.hang_timeout=12s", exits=1)
    assert document["error"]["code"] == "YT981"
    assert "rank 1" in document["error"]["message"]


@pytest.mark.slow
def test_no_restart_mends_a_loss_that_is_not_finite(place):
    """The error is training's own, told once, and the restarts that were allowed are not used."""
    document, errors = place.fit(place.fault("nan", 5, rank=0), "compute.max_restarts=3", exits=1)
    assert document["error"]["code"] == "YT901"
    assert "; restart 1" not in errors  # the folder of this test has the word in its name


@pytest.mark.slow
def test_one_rank_that_is_terminated_stops_all(place, whole):
    """A scheduler's SIGTERM may reach a single rank: all agree, save at a step, and the run ends with 75."""
    document, _ = place.fit(place.fault("terminate", 9), exits=75)
    assert document["status"] == "preempted"
    assert json.loads((place.run_folder() / "restarts.json").read_text()) == {"failures": 0, "preemptions": 1}
    assert_same(place.fit(place.fault("terminate", 9), "--resume")[0], whole("ddp"))


@pytest.mark.parametrize("sent", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGUSR1])
def test_a_signal_to_the_main_process_stops_all_ranks(place, whole, sent):
    """They save at a step boundary and leave; the exit code says that the run can be resumed."""
    process = place.start("trainer.max_epochs=400")
    for line in process.stderr:
        if line.startswith("epoch   1"):
            process.send_signal(sent)
            break
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 75, errors
    assert json.loads(output)["status"] == "preempted"
    assert all((path / "rank-1.pt").exists() for path in (place.run_folder() / "checkpoints").iterdir())


@pytest.mark.slow
def test_too_many_preemptions_are_a_failure(place):
    """They have a budget of their own, over all attempts."""
    document, _ = place.fit(place.fault("terminate", 9), "compute.max_preemptions=0", exits=1)
    assert document["error"]["code"] == "YT983"


@pytest.mark.slow
def test_workers_do_not_outlive_their_main_process(place):
    """Killed alone, the main process takes its workers with it: no two generations write to one run."""
    process = place.start("trainer.max_epochs=4000")
    next(line for line in process.stderr if line.startswith("epoch   1"))
    workers = children_of(process)
    process.kill()
    process.communicate()
    assert_gone(workers)


@pytest.mark.slow
def test_a_reader_that_is_gone_ends_the_run(place):
    """Whoever read the progress has left: the run ends at once, its workers too, and none waits for a main process that hears no more."""
    process = place.start("trainer.max_epochs=4000")
    next(line for line in process.stderr if line.startswith("epoch   1"))
    workers = children_of(process)
    process.stderr.close()
    process.wait(timeout=60)
    process.stdout.close()
    assert process.returncode != 0
    assert_gone(workers)
