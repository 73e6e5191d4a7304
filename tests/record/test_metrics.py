from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.diagnostics import RunError, UsageError
from ymltrain.plan.events import MetricsLogged
from ymltrain.record.attempt import ResumePoint, begin_attempt
from ymltrain.record.metrics import MetricLine, MetricsWriter, as_json_number
from ymltrain.record.points import last_values, metrics_digest, read_history, read_metrics

LOG_UNTIL_KILLED = """
import itertools, sys, time
from pathlib import Path
from ymltrain.plan.events import MetricsLogged
from ymltrain.record.attempt import begin_attempt
from ymltrain.record.directory import RunDirectory
from ymltrain.record.metrics import MetricsWriter
run = RunDirectory.open(Path(sys.argv[1]))
writer = MetricsWriter(run, begin_attempt(run, None).number, 0, print)
for step in itertools.count(1):
    writer.append(MetricsLogged(step=step, epoch=0, time=time.time(), values={"train/loss": step / 7, "lr": 0.1}))
    print(step, time.time(), flush=True)
    time.sleep(0.001)
"""

LOG_AND_SETTLE = """
import os, signal, sys
from pathlib import Path
from ymltrain.plan.events import MetricsLogged
from ymltrain.record.directory import RunDirectory
from ymltrain.record.metrics import MetricsWriter
writer = MetricsWriter(RunDirectory.open(Path(sys.argv[1])), 1, 0, print)
for step in range(1, 5_001):
    writer.append(MetricsLogged(step=step, epoch=0, time=1.0, values={"train/loss": 1.0}))
writer.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def log(run, attempt, steps, value=1.0, *, warn=pytest.fail, rank=0):
    """One attempt's record of `train/loss` at some steps."""
    writer = MetricsWriter(run, attempt, rank, warn)
    for step in steps:
        writer.append(MetricsLogged(step=step, epoch=0, time=float(step), values={"train/loss": value}))
    writer.close()


def steps_and_values(run):
    """The history of a run of one metric."""
    return [(point.step, point.value) for point in read_metrics(run)]


def test_one_line_a_value(run):
    """The record is JSON lines with name, value, step, epoch, time and the checksum of those, and nothing else."""
    writer = MetricsWriter(run, 1, 0, pytest.fail)
    writer.append(MetricsLogged(step=5, epoch=1, time=12.5, values={"train/loss": 0.25, "lr": 1e-3}))
    writer.close()
    lines = (run.path / "metrics" / "1-0.jsonl").read_text().splitlines()
    seals = [line.rpartition(',"crc":') for line in lines]
    assert [zlib.crc32(f"{body}}}".encode()) for body, _, _ in seals] == [int(seal.rstrip("}")) for _, _, seal in seals]
    assert [json.loads(f"{body}}}") for body, _, _ in seals] == [
        {"name": "train/loss", "value": 0.25, "step": 5, "epoch": 1, "time": 12.5},
        {"name": "lr", "value": 0.001, "step": 5, "epoch": 1, "time": 12.5},
    ]


@given(st.floats())
def test_every_float_comes_back(value):
    """Whatever a float holds, the line is JSON and reads back as the same value."""
    line = MetricLine(name="x", value=as_json_number(value), step=1, epoch=0, time=0.0)
    text = msgspec.json.encode(line)
    json.loads(text, parse_constant=pytest.fail)
    back = float(msgspec.json.decode(text, type=MetricLine).value)
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_values_that_are_no_numbers_are_read_back(run):
    """NaN and infinities reach the reader as floats."""
    log(run, 1, [1], math.nan)
    log(run, 1, [2], math.inf)
    log(run, 1, [3], -math.inf)
    values = [point.value for point in read_metrics(run)]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_killed_writer_loses_less_than_the_last_second(run, start_python):
    """After `kill -9` the record holds, whole and without a gap, every event that was appended a second before."""
    process = start_python(LOG_UNTIL_KILLED, run.path)
    appended = [process.stdout.readline().split() for _ in range(1_500)]
    process.send_signal(signal.SIGKILL)
    appended += [line.split() for line in process.stdout.read().splitlines()]
    process.wait()
    losses = [point for point in read_metrics(run) if point.name == "train/loss"]
    assert [point.step for point in losses] == list(range(1, len(losses) + 1))
    assert all(point.value == point.step / 7 for point in losses)
    last = float(appended[-1][1])
    old = [int(step) for step, at in appended if float(at) < last - 1.0]
    assert old
    assert len(losses) >= old[-1]


def test_what_was_flushed_outlives_any_kill(run, start_python):
    """A process that dies the moment after a flush has lost nothing: checkpoints rely on it."""
    process = start_python(LOG_AND_SETTLE, run.path)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert [point.step for point in read_metrics(run)] == list(range(1, 5_001))


def test_a_disk_that_hangs_holds_up_nobody(run):
    """While the file takes nothing, appending goes on; the end waits as long as it was told to, and says so once."""
    run.metrics.mkdir()
    os.mkfifo(run.metrics / "1-0.jsonl")  # nobody reads it: its 64 KiB fill up, and the next write never returns
    warnings = []
    writer = MetricsWriter(run, 1, 0, warnings.append)
    for step in range(20_000):
        writer.append(MetricsLogged(step=step, epoch=0, time=1.0, values={"train/loss": 1.0}))
    writer.close(patience=0.5)
    assert len(warnings) == 1
    assert "the disk has not answered for 0.5 s" in warnings[0]
    drain = os.open(run.metrics / "1-0.jsonl", os.O_RDONLY | os.O_NONBLOCK)
    while writer.is_writing:
        with contextlib.suppress(BlockingIOError):
            os.read(drain, 1 << 20)
    os.close(drain)
    writer.close()


def test_a_value_that_is_no_number_costs_itself_alone(run):
    """What JSON cannot hold is named and left out; what was logged beside it is there."""
    warnings = []
    writer = MetricsWriter(run, 1, 0, warnings.append)
    for step, value in enumerate([1.0, "no number", 2.0, 10**400, 3.0]):
        writer.append(MetricsLogged(step=step, epoch=0, time=0.0, values={"a": value}))
    writer.append(MetricsLogged(step=9, epoch=0, time=0.0, values={"\ud800": 1.0}))
    writer.close()
    assert [(point.step, point.value) for point in read_metrics(run)] == [(0, 1.0), (2, 2.0), (4, 3.0)]
    assert len(warnings) == 1


def test_torn_lines_are_passed_over(run):
    """A line cut short, at the end or by a full disk in the middle, costs that line alone."""
    log(run, 1, [1, 2])
    record = run.metrics / "1-0.jsonl"
    record.write_bytes(record.read_bytes() + b'{"name":"train/loss","va')
    assert steps_and_values(run) == [(1, 1.0), (2, 1.0)]
    log(run, 1, [3])
    assert steps_and_values(run) == [(1, 1.0), (2, 1.0), (3, 1.0)]


def test_a_whole_line_without_its_end_is_not_trusted(run):
    """A number may have been cut within its digits, so a last line without a newline does not count."""
    log(run, 1, [1])
    record = run.metrics / "1-0.jsonl"
    record.write_bytes(record.read_bytes() + b'{"name":"a","value":1,"step":2,"epoch":0,"time":0.0}')
    assert steps_and_values(run) == [(1, 1.0)]


def test_a_resumed_attempt_supersedes_what_lies_beyond_its_checkpoint(run):
    """Values beyond the step a later attempt resumed at are gone, even where it has logged nothing itself."""
    begin_attempt(run, None)
    log(run, 1, [10, 20, 30, 40], 1.0)
    begin_attempt(run, ResumePoint(checkpoint="c", epoch=0, step=20))
    log(run, 2, [30], 2.0)
    assert steps_and_values(run) == [(10, 1.0), (20, 1.0), (30, 2.0)]
    begin_attempt(run, ResumePoint(checkpoint="c", epoch=0, step=10))
    assert steps_and_values(run) == [(10, 1.0)]


def test_an_attempt_from_the_beginning_supersedes_all(run):
    """A run that was killed before its first checkpoint starts its history anew, step 0 included."""
    begin_attempt(run, None)
    log(run, 1, [0, 10], 1.0)
    begin_attempt(run, None)
    log(run, 2, [5], 2.0)
    assert steps_and_values(run) == [(5, 2.0)]


def test_the_later_attempts_value_stands_at_one_step(run):
    """A final evaluation that is done again at the same step replaces the first, and stands last."""
    begin_attempt(run, None)
    log(run, 1, [10, 20], 1.0)
    begin_attempt(run, ResumePoint(checkpoint="c", epoch=0, step=20))
    log(run, 2, [10], 2.0)
    assert steps_and_values(run) == [(20, 1.0), (10, 2.0)]


def test_ten_attempts_are_read_in_the_order_of_their_numbers(run):
    """Attempt 10 comes after attempt 9, not after 1."""
    for number in range(1, 11):
        begin_attempt(run, None)
        log(run, number, [number], float(number))
    assert steps_and_values(run) == [(10, 10.0)]


def test_each_rank_has_its_own_record(run):
    """Ranks write files of their own and are read one at a time."""
    log(run, 1, [1], 1.0)
    log(run, 1, [1], 2.0, rank=1)
    assert steps_and_values(run) == [(1, 1.0)]
    assert [point.value for point in read_metrics(run, rank=1)] == [2.0]


def test_the_last_value_of_each_metric(run):
    """`last_values` takes of each name what was logged last."""
    log(run, 1, [1, 2], 1.0)
    log(run, 1, [3], 0.5)
    assert last_values(run) == {"train/loss": 0.5}
    assert read_metrics(run)[-1].attempt == 1


def test_a_clock_that_goes_backwards_changes_no_order(run):
    """Values stand in the order in which they were logged, whatever the clock said; of one step the later one counts."""
    writer = MetricsWriter(run, 1, 0, pytest.fail)
    for step, at in ((1, 100.0), (2, 50.0), (3, 75.0), (3, 10.0)):
        writer.append(MetricsLogged(step=step, epoch=0, time=at, values={"train/loss": at}))
    writer.close()
    assert [(point.step, point.value, point.time) for point in read_metrics(run)] == [
        (1, 100.0, 100.0),
        (2, 50.0, 50.0),
        (3, 10.0, 10.0),
    ]


def test_a_disk_without_any_room_warns_once_and_goes_on(run):
    """Every write fails, training is told once and never stopped."""
    run.metrics.mkdir()
    (run.metrics / "1-0.jsonl").symlink_to("/dev/full")
    warnings = []
    log(run, 1, range(100), warn=warnings.append)
    assert len(warnings) == 1
    assert "metrics are being lost" in warnings[0]
    assert "No space left on device" in warnings[0]


def test_a_disk_that_fills_up_and_gets_room_again(small_disk, make_run):
    """A line cut by the full disk costs no line written after somebody made room."""
    run = make_run(small_disk)
    warnings = []
    writer = MetricsWriter(run, 1, 0, warnings.append)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 4096)
    step = 0
    while not warnings:
        step += 1
        writer.append(MetricsLogged(step=step, epoch=0, time=0.0, values={"train/loss": 1.0, "a rather long name": 0.1}))
        writer.flush()
    ballast.unlink()
    writer.append(MetricsLogged(step=step + 1, epoch=0, time=0.0, values={"train/loss": 2.0}))
    writer.close()
    losses = [(point.step, point.value) for point in read_metrics(run) if point.name == "train/loss"]
    assert losses[: step - 1] == [(number, 1.0) for number in range(1, step)]
    assert losses[-1] == (step + 1, 2.0)
    assert len(warnings) == 1


def test_a_writer_that_was_closed_warns(run):
    """An event that comes after the end is lost, which is said, not raised."""
    warnings = []
    writer = MetricsWriter(run, 1, 0, warnings.append)
    writer.close()
    writer.close()
    writer.append(MetricsLogged(step=1, epoch=0, time=0.0, values={"a": 1.0}))
    assert len(warnings) == 1


def test_a_folder_that_cannot_be_written_is_an_error_at_the_start(run):
    """A record that cannot be opened is said before training begins, with the folder's name."""
    run.metrics.write_text("")
    with pytest.raises((UsageError, RunError), match="cannot write in") as caught:
        MetricsWriter(run, 1, 0, pytest.fail)
    assert os.fspath(run.metrics) in caught.value.message


def test_a_flipped_byte_is_named_and_costs_one_value(run):
    """A byte that changed on the disk is found by its line's checksum; all other values are read."""
    log(run, 1, range(1, 101), 0.125)
    file = run.metrics / "1-0.jsonl"
    content = bytearray(file.read_bytes())
    place = content.index(b"0.125", len(content) // 2)
    content[place + 2] = ord("9")  # still JSON, still a number: only the checksum tells
    file.write_bytes(bytes(content))
    history = read_history(run)
    assert len(history.points) == 99
    assert {point.value for point in history.points} == {0.125}
    assert history.damage == [f"metrics/1-0.jsonl:{content[:place].count(10) + 1}: the line was changed after it was written"]


@pytest.mark.parametrize("place", range(0, 92, 3))
def test_no_flipped_byte_passes(run, place):
    """Wherever in a line a bit flips, the value is left out and the line named, or read exactly as it was written."""
    log(run, 1, [1, 2, 3], 0.125)
    file = run.metrics / "1-0.jsonl"
    content = bytearray(file.read_bytes())
    second = content.index(b"\n") + 1
    content[second + place] ^= 0x04
    file.write_bytes(bytes(content))
    history = read_history(run)
    assert {(point.name, point.value) for point in history.points} == {("train/loss", 0.125)}
    assert len(history.points) + len(history.damage) >= 3


def test_the_torn_end_of_a_killed_writer_is_no_damage(run):
    """A last line without its end is what a kill leaves: passed over, no earlier value lost, nothing to report."""
    log(run, 1, [1, 2, 3])
    file = run.metrics / "1-0.jsonl"
    file.write_bytes(file.read_bytes()[:-10])
    history = read_history(run)
    assert [point.step for point in history.points] == [1, 2]
    assert history.damage == []


def test_what_was_measured_of_the_machine_is_in_no_digest(run, make_run, tmp_path):
    """Speed and memory differ from run to run; the digest is of what training did."""
    other = make_run(tmp_path / "other")
    for place, speed in ((run, 1.0), (other, 2.0)):
        writer = MetricsWriter(place, 1, 0, pytest.fail)
        values = {"train/loss": 0.5, "speed/step_s": speed, "memory/host_bytes": speed, "system/cpu": speed}
        writer.append(MetricsLogged(step=1, epoch=0, time=1.0, values=values))
        writer.close()
    assert metrics_digest(read_metrics(run)) == metrics_digest(read_metrics(other))


def test_equal_histories_have_equal_digests(run, make_run, tmp_path):
    """The digest tells values apart and neither times nor attempts: a resumed run has that of an uninterrupted one."""
    other = make_run(tmp_path / "other")
    log(run, 1, [1, 2, 3])
    begin_attempt(other, None)
    log(other, 1, [1, 2])
    begin_attempt(other, ResumePoint(checkpoint="0-2", epoch=0, step=2))
    log(other, 2, [3])
    assert metrics_digest(read_metrics(run)) == metrics_digest(read_metrics(other))
    log(other, 2, [3], math.nextafter(1.0, 2.0))
    assert metrics_digest(read_metrics(run)) != metrics_digest(read_metrics(other))
