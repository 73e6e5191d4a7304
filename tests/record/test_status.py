from __future__ import annotations

import signal

import pytest

from ymltrain.diagnostics import RunError, UsageError
from ymltrain.record.attempt import Fault, ResumePoint, begin_attempt, end_attempt, read_attempts
from ymltrain.record.final import Final, RegisteredModel, read_final, write_final
from ymltrain.record.lock import locked
from ymltrain.record.process import ProcessIdentity
from ymltrain.record.status import is_running, run_status

EXECUTE = """
import sys
from pathlib import Path
from ymltrain.record.attempt import begin_attempt
from ymltrain.record.directory import RunDirectory
from ymltrain.record.lock import locked
run = RunDirectory.open(Path(sys.argv[1]))
with locked(run):
    begin_attempt(run, None)
    print("running", flush=True)
    sys.stdin.readline()
"""

DONE = Final(
    status="done",
    ended="2026-01-01T00:00:00+00:00",
    metrics={"test/rmse": 1.5},
    steps=10,
    model=RegisteredModel(name="toy", version=1, digest="sha256:" + "0" * 64),
)


def test_attempts_are_numbered_and_say_who_and_from_where(run):
    """Each attempt keeps its process, its start and the checkpoint it went on from."""
    point = ResumePoint(checkpoint="step-40", epoch=2, step=40)
    first, second = begin_attempt(run, None), begin_attempt(run, point)
    assert (first.number, second.number) == (1, 2)
    assert read_attempts(run) == [first, second]
    assert second.resumed_from == point
    assert second.process == ProcessIdentity.current()


def test_a_damaged_attempt_keeps_its_number(run):
    """An attempt whose file was cut short is passed over, and the next one does not take its place."""
    begin_attempt(run, None)
    (run.attempts / "2.json").write_text('{"number": 2, "sta')
    assert begin_attempt(run, None).number == 3
    assert [attempt.number for attempt in read_attempts(run)] == [1, 3]


def test_a_run_nothing_ever_ran(run):
    """A run that was made and not started is `created`."""
    assert run_status(run) == "created"


def test_running_while_its_process_lives_and_crashed_after_a_kill(run, start_python):
    """The status follows the process: `running`, and `crashed` once it was killed, with nothing written."""
    process = start_python(EXECUTE, run.path)
    process.stdout.readline()
    assert run_status(run) == "running"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run_status(run) == "crashed"


@pytest.mark.parametrize("outcome", ["failed", "preempted", "interrupted"])
def test_an_attempt_that_ended_tells_how(run, outcome):
    """Without final.json the last attempt's end is the status, and a new attempt begins it anew."""
    end_attempt(run, begin_attempt(run, None), outcome)
    assert run_status(run) == outcome
    with locked(run):
        begin_attempt(run, None)
        assert run_status(run) == "running"
    assert run_status(run) == "crashed"


def test_a_failure_keeps_its_error(run):
    """What a failed attempt raised can be read with code, message and hint."""
    error = RunError("YT910", "the disk is full", "free some space")
    end_attempt(run, begin_attempt(run, None), "failed", error)
    assert read_attempts(run)[-1].fault == Fault(code="YT910", message="the disk is full", hint="free some space")


def test_the_end_is_put_once(run):
    """The first final.json stands; a second end is refused."""
    write_final(run, DONE)
    assert read_final(run) == DONE
    with pytest.raises(UsageError, match="has ended already"):
        write_final(run, Final(status="failed", ended="2026-01-02T00:00:00+00:00"))
    assert run_status(run) == "done"


def test_a_run_that_ended_is_not_running(run):
    """final.json outranks the lock its process still holds for a moment."""
    with locked(run):
        write_final(run, DONE)
        assert run_status(run) == "done"


def test_an_end_with_metrics_that_are_no_numbers(run):
    """A NaN becomes null, so that final.json stays JSON."""
    write_final(run, Final(status="done", ended="2026-01-01T00:00:00+00:00", metrics={"test/r2": float("nan")}))
    assert read_final(run).metrics == {"test/r2": None}


def test_an_end_on_a_disk_that_refuses_hides_no_error(run):
    """When the end of an attempt cannot be written, it is as after a kill, and nothing is raised over the first error."""
    attempt = begin_attempt(run, None)
    run.attempts.rename(run.path / "gone")
    run.attempts.write_text("")
    assert end_attempt(run, attempt, "failed").outcome == "failed"
    run.attempts.unlink()
    (run.path / "gone").rename(run.attempts)
    assert run_status(run) == "crashed"


def test_without_locks_the_process_decides(run):
    """Where the file system tells nothing of locks, the process of the last attempt does."""
    run.lock_file.symlink_to(run.lock_file)  # a file that cannot be opened, as one without locks cannot be locked
    attempt = begin_attempt(run, None)
    assert is_running(run, read_attempts(run)) is True
    end_attempt(run, attempt, "interrupted")
    assert is_running(run, read_attempts(run)) is False


def test_a_damaged_end_is_named(run):
    """A final.json that was cut short by a copy is an error that names the file."""
    run.final_file.write_text('{"status": "do')
    with pytest.raises(UsageError, match=r"final\.json is damaged"):
        run_status(run)
