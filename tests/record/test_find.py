from __future__ import annotations

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.record.final import Final, write_final
from ymltrain.record.find import find_run, find_runs, newest_unfinished


@pytest.fixture
def three_runs(tmp_path, make_run):
    """Two runs named toy and one named other, in an order that is not the order of their making."""
    return sorted((make_run(tmp_path), make_run(tmp_path, "other"), make_run(tmp_path)), key=lambda run: run.run_id)


def test_all_runs_oldest_first(tmp_path, three_runs):
    """Runs of all names are listed by the time in their ids; stray files and folders are not."""
    (tmp_path / "runs" / "toy" / "notes.txt").write_text("")
    (tmp_path / "runs" / "toy" / "scratch").mkdir()
    assert find_runs(tmp_path) == three_runs


def test_an_empty_workspace_has_no_runs(tmp_path):
    """A workspace where nothing was ever run is an empty list."""
    assert find_runs(tmp_path) == []


def test_a_run_by_its_id_or_a_prefix_in_either_case(tmp_path, three_runs):
    """The whole id, and as much of it as is unique, name a run."""
    wanted = three_runs[0]
    assert find_run(tmp_path, wanted.run_id) == wanted
    assert find_run(tmp_path, wanted.run_id[:20].lower()) == wanted


def test_latest_is_the_newest(tmp_path, three_runs):
    """`latest` is the newest of all names."""
    assert find_run(tmp_path, "latest") == three_runs[-1]


def test_a_run_by_its_path(tmp_path, three_runs, monkeypatch):
    """A path names a run, also one that was moved out of the workspace, also relative to where one stands."""
    moved = tmp_path / "copy"
    three_runs[1].path.rename(moved)
    assert find_run(tmp_path, str(moved)).run_id == three_runs[1].run_id
    monkeypatch.chdir(tmp_path)
    assert find_run(tmp_path, "copy").run_id == three_runs[1].run_id
    assert find_run(tmp_path, "./copy").run_id == three_runs[1].run_id


def test_an_ambiguous_prefix_lists_the_candidates(tmp_path, three_runs):
    """A prefix of several ids is refused, with all of them named."""
    with pytest.raises(UsageError, match="is the beginning of 3 run ids") as caught:
        find_run(tmp_path, "0")
    assert all(run.run_id in caught.value.hint for run in three_runs)


def test_a_mistyped_id_offers_the_near_one(tmp_path, run):
    """One wrong letter in an id brings the id that was meant."""
    mistyped = run.run_id[:-1] + ("0" if run.run_id[-1] != "0" else "1")
    with pytest.raises(UsageError, match=f'there is no run "{mistyped}"') as caught:
        find_run(tmp_path, mistyped)
    assert f"did you mean {run.run_id}?" in caught.value.hint


def test_a_recipes_name_brings_its_runs(tmp_path, three_runs):
    """Who gives a recipe's name for a run is shown the ids of its runs."""
    with pytest.raises(UsageError) as caught:
        find_run(tmp_path, "other")
    other = next(run for run in three_runs if run.name == "other")
    assert other.run_id in caught.value.hint


def test_no_runs_at_all(tmp_path):
    """In an empty workspace even `latest` says that nothing was run there yet."""
    with pytest.raises(UsageError, match="there are no runs in"):
        find_run(tmp_path, "latest")


def test_the_newest_unfinished_run_of_a_name(tmp_path, three_runs):
    """Runs of other names and those that ended are passed over."""
    mine = [run for run in three_runs if run.name == "toy"]
    assert newest_unfinished(tmp_path, "toy") == mine[1]
    write_final(mine[1], Final(status="done", ended="2026-01-01T00:00:00+00:00"))
    assert newest_unfinished(tmp_path, "toy") == mine[0]
    write_final(mine[0], Final(status="failed", ended="2026-01-01T00:00:00+00:00"))
    assert newest_unfinished(tmp_path, "toy") is None
