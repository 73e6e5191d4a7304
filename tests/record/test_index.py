from __future__ import annotations

import os
import shutil
import sqlite3

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.plan.events import MetricsLogged
from ymltrain.record.aggregates import aggregate
from ymltrain.record.attempt import begin_attempt
from ymltrain.record.final import Final, write_final
from ymltrain.record.grouping import differing, group_repeats
from ymltrain.record.index import index_file, list_runs, whole_summaries
from ymltrain.record.keeping import find_garbage, remove_garbage, remove_run
from ymltrain.record.labels import archive_run, note_run, read_labels, tag_run
from ymltrain.record.lock import locked
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.points import read_metrics

YESTERDAY = 1_700_000_000


def finish(run, value=1.0):
    """A run with one metric that ended for good a while ago."""
    begin_attempt(run, None)
    writer = MetricsWriter(run, 1, 0, pytest.fail)
    for step, factor in ((1, 3.0), (2, 1.0), (3, 2.0)):
        writer.append(MetricsLogged(step=step, epoch=step, time=1.0, values={"val/rmse": value * factor}))
    writer.close()
    kept = aggregate(read_metrics(run))
    write_final(run, Final(status="done", ended="2026-11-25T00:00:00+00:00", metrics={"val/rmse": value}, aggregates=kept))
    os.utime(run.path, (YESTERDAY, YESTERDAY))
    return run


def test_a_second_listing_is_the_first(tmp_path, make_run):
    """What the index remembers is what was read: summaries, labels and aggregates."""
    runs = [finish(make_run(tmp_path), value) for value in (1.0, 2.0)]
    first = list_runs(tmp_path)
    assert {entry["run_id"] for entry in first} == {run.run_id for run in runs}
    assert index_file(tmp_path).is_file()
    second = list_runs(tmp_path)
    assert second == first
    assert [set(entry) for entry in second] == [set(entry) for entry in first]
    assert second[0]["aggregates"]["val/rmse"]["min_step"] == 2


def test_it_is_the_record_that_counts(tmp_path, make_run):
    """Labels, removals and copies show at once; a damaged index is thrown away and made again."""
    run, other = finish(make_run(tmp_path)), finish(make_run(tmp_path, "other"))
    list_runs(tmp_path)
    tag_run(run, {"kept": "yes"})
    shutil.rmtree(other.path)
    (only,) = list_runs(tmp_path)
    assert only["tags"] == {"kept": "yes"}
    index_file(tmp_path).write_bytes(b"no database" * 100)
    assert list_runs(tmp_path) == [only]
    assert list_runs(tmp_path) == [only]


def test_a_flipped_bit_of_the_index_is_noticed(tmp_path, make_run):
    """A part that was damaged in the file is not believed: its run is read again, and the index is right the next time."""
    finish(make_run(tmp_path))
    first = whole_summaries(list_runs(tmp_path))
    database = sqlite3.connect(index_file(tmp_path))
    with database:
        (metrics,) = database.execute("SELECT metrics FROM runs").fetchone()
        database.execute("UPDATE runs SET metrics = ?", (metrics.replace(b"1", b"3"),))
    database.close()
    assert b"1" in metrics
    assert whole_summaries(list_runs(tmp_path)) == first
    database = sqlite3.connect(index_file(tmp_path))
    assert database.execute("SELECT metrics FROM runs").fetchone() == (metrics,)
    database.close()


def test_a_change_within_a_tick_of_the_clock_shows(tmp_path, make_run):
    """A directory that changed just now may change again and keep its time: it is not remembered yet."""
    run = finish(make_run(tmp_path))
    os.utime(run.path)
    stamp = run.path.stat().st_mtime_ns
    list_runs(tmp_path)
    tag_run(run, {"kept": "yes"})
    os.utime(run.path, ns=(stamp, stamp))
    assert list_runs(tmp_path)[0]["tags"] == {"kept": "yes"}


def test_an_index_of_another_version_is_made_again(tmp_path, make_run):
    """What an older ymltrain left in the workspace is in nobody's way."""
    finish(make_run(tmp_path))
    first = list_runs(tmp_path)
    index_file(tmp_path).unlink()
    with sqlite3.connect(index_file(tmp_path)) as database:
        database.execute("CREATE TABLE runs (path TEXT PRIMARY KEY, stamp INTEGER NOT NULL, summary BLOB NOT NULL)")
        database.execute("PRAGMA user_version = 1")
    database.close()
    assert [list_runs(tmp_path) for _ in range(3)] == [first] * 3


def test_a_run_of_before_aggregates_were_kept_is_listed_alike(tmp_path, make_run):
    """Where final.json has no aggregates the record gives them; where it has, the record is not needed."""
    run = finish(make_run(tmp_path))
    (listed,) = list_runs(tmp_path)
    index_file(tmp_path).unlink()
    run.final_file.unlink()
    write_final(run, Final(status="done", ended="2026-11-25T00:00:00+00:00", metrics={"val/rmse": 1.0}))
    assert list_runs(tmp_path) == [listed]


def test_an_unfinished_run_is_read_each_time(tmp_path, make_run):
    """What is still going on is never taken from the index."""
    run = make_run(tmp_path)
    begin_attempt(run, None)
    writer = MetricsWriter(run, 1, 0, pytest.fail)
    for value in (1.0, 2.0):
        writer.append(MetricsLogged(step=int(value), epoch=1, time=1.0, values={"a": value}))
        writer.flush()
        assert list_runs(tmp_path)[0]["metrics"] == {"a": value}
    writer.close()


def test_a_moved_workspace_is_listed_where_it_is(tmp_path, make_run):
    """The index travels with the workspace and says no old path."""
    (tmp_path / "one").mkdir()
    finish(make_run(tmp_path / "one"))
    list_runs(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    (found,) = list_runs(tmp_path / "two")
    assert found["run_dir"].startswith(str(tmp_path / "two"))


def test_labels_stay_and_go(run):
    """Tags are set and taken away, notes add up, archived runs come back."""
    tag_run(run, {"a": "1", "b": "2"})
    tag_run(run, {"a": "3"}, frozenset({"b"}))
    note_run(run, "<script>")
    archive_run(run, is_archived=True)
    labels = read_labels(run)
    assert (labels.tags, [note.text for note in labels.notes], labels.is_archived) == ({"a": "3"}, ["<script>"], True)
    archive_run(run, is_archived=False)
    assert read_labels(run).is_archived is False


@pytest.mark.parametrize("key", ["", "a" * 251, "a\nb", "\x00"])
def test_odd_tags_are_refused(run, key):
    """A key that cannot be shown is named and nothing is kept."""
    with pytest.raises(UsageError) as caught:
        tag_run(run, {key: "x"})
    assert caught.value.code == "YT841"
    assert read_labels(run).tags == {}


@pytest.mark.parametrize("text", ["🦜", "a/b/../c", "x" * 5_000, "\u202ereversed", '"quoted" \\ back'])
def test_any_text_may_be_a_value(run, text):
    """Emoji, slashes, dots and thousands of characters are text."""
    tag_run(run, {"what": text})
    assert read_labels(run).tags == {"what": text}


def test_a_running_run_is_not_removed(run):
    """Who removes runs waits for those that are going on; removed ones are gone at once."""
    with locked(run), pytest.raises(UsageError) as caught:
        remove_run(run)
    assert caught.value.code == "YT845"
    remove_run(run)
    assert not run.path.exists()
    assert list(run.path.parent.iterdir()) == []


def test_garbage_is_what_no_resume_needs(tmp_path, make_run):
    """Checkpoints of finished runs go, those of unfinished ones stay, and the record is never touched."""
    done, unfinished, archived = finish(make_run(tmp_path)), make_run(tmp_path), finish(make_run(tmp_path))
    for run in (done, unfinished, archived):
        (run.checkpoints / "1-5").mkdir(parents=True)
    archive_run(archived, is_archived=True)
    assert {found.path for found in find_garbage(tmp_path, 30.0)} == {str(archived.checkpoints)}
    remove_garbage(find_garbage(tmp_path, 0.0))
    assert [run.checkpoints.exists() for run in (done, unfinished, archived)] == [False, True, False]
    assert len(list_runs(tmp_path)) == 3


def test_repeats_are_one_line():
    """Runs that differ in nothing but the seed have a mean and a standard deviation."""
    runs = [
        {"run_id": name, "params": {"seed": seed, "lr": lr}, "metrics": {"a": value}, "tags": {}}
        for name, seed, lr, value in (("A", 1, 0.1, 1.0), ("B", 2, 0.1, 3.0), ("C", 1, 0.2, 5.0))
    ]
    groups = group_repeats(runs)
    assert [group["runs"] for group in groups] == [["A", "B"], ["C"]]
    assert groups[0]["metrics"]["a"] == {"mean": 2.0, "sd": pytest.approx(2**0.5), "n": 2}
    assert differing(runs)["params"] == {"seed": [1, 2, 1], "lr": [0.1, 0.1, 0.2]}
    assert differing(runs[:1])["params"] == {}
