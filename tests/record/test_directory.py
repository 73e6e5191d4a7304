from __future__ import annotations

import json
import signal
import stat
from pathlib import Path

import pytest

from ymltrain.diagnostics import RunError, UsageError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.find import find_runs
from ymltrain.record.ulid import is_ulid

CREATE_MANY = """
import sys
from pathlib import Path
from ymltrain.plan.plan import read_plan
from ymltrain.record.directory import RunDirectory
plan = read_plan(Path(sys.argv[2]).read_bytes(), "plan")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    run = RunDirectory.create(Path(sys.argv[1]), "toy", plan, recipe_text="", resolved_yaml="", provenance={})
    print(run.run_id, flush=True)
"""

CREATE_UNPRIVILEGED = """
import os, sys
from pathlib import Path
from ymltrain.diagnostics import YmltrainError
from ymltrain.plan.plan import read_plan
from ymltrain.record.directory import RunDirectory
plan = read_plan(Path(sys.argv[2]).read_bytes(), "plan")
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    RunDirectory.create(Path(sys.argv[1]), "toy", plan, recipe_text="", resolved_yaml="", provenance={})
except YmltrainError as error:
    print(type(error).__name__, error.code, error.message, "|", error.hint)
"""


def test_a_new_run_holds_all_that_is_known(run, small_plan):
    """The plan, the recipe as written and resolved, and the provenance with the run's identity lie there from the start."""
    assert is_ulid(run.run_id)
    assert run.path.parent.name == "toy"
    assert run.plan() == small_plan
    assert run.recipe_file.read_text() == "name: toy\n"
    assert (run.path / "resolved.yaml").read_text() == "name: toy\n"
    provenance = json.loads(run.provenance_file.read_text())
    assert provenance == {"run_id": run.run_id, "name": "toy", "created": run.created, "git": None}


def test_a_run_from_a_plan_alone_has_no_recipe_as_written(tmp_path, small_plan):
    """recipe.yaml is absent, not empty, when there was no recipe."""
    run = RunDirectory.create(tmp_path, "toy", small_plan, recipe_text=None, resolved_yaml="", provenance={})
    assert not run.recipe_file.exists()


def test_a_copied_run_keeps_its_identity(run, tmp_path):
    """A run that was moved and renamed still says which run it is."""
    moved = tmp_path / "elsewhere"
    run.path.rename(moved)
    assert RunDirectory.open(moved) == RunDirectory(moved, "toy", run.run_id)


def test_other_folders_are_no_runs(tmp_path):
    """Opening a folder that is no run is a mistake of usage, with the folder in the message."""
    with pytest.raises(UsageError, match="is not the directory of a run") as caught:
        RunDirectory.open(tmp_path)
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("run_id", ["", "../..", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"])
def test_an_identity_that_is_none(run, run_id):
    """A directory whose provenance names no possible run id is refused when it is opened, not later."""
    run.provenance_file.write_text(json.dumps({"run_id": run_id, "name": "toy"}))
    with pytest.raises(UsageError, match="is not the directory of a run"):
        RunDirectory.open(run.path)


@pytest.mark.parametrize("name", ["../out", "a/b", "/abs", "", ".hidden", "..", "a\\b", "a\nb"])
def test_a_name_cannot_lead_out_of_the_workspace(tmp_path, small_plan, name):
    """A name that is not one plain folder is refused and nothing is made."""
    with pytest.raises(UsageError, match="cannot name a folder of runs"):
        RunDirectory.create(tmp_path / "w", name, small_plan, recipe_text="", resolved_yaml="", provenance={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["diamonds-price", "prix moyen", "prévision", "v1.2", "🦜🦜", "漢" * 40])
def test_names_people_use_are_folders(tmp_path, make_run, name):
    """Spaces, dots and accents are fine."""
    assert make_run(tmp_path, name).path.parent == tmp_path / "runs" / name


def test_a_name_longer_than_folders_have_is_refused(tmp_path, small_plan):
    """Five thousand characters are an error with a remedy, not a half-made run."""
    with pytest.raises(UsageError) as caught:
        RunDirectory.create(tmp_path, "x" * 5_000, small_plan, recipe_text="", resolved_yaml="", provenance={})
    assert caught.value.code == "YT932"
    assert not list(tmp_path.rglob("*x*"))


@pytest.mark.parametrize(("count", "each"), [(2, 25), pytest.param(16, 3, marks=pytest.mark.slow)])
def test_processes_create_runs_at_once(tmp_path, run, start_python, count, each):
    """Every run that a process was told of is there, whole, and no two share an id."""
    processes = [start_python(CREATE_MANY, tmp_path / "w", run.plan_file, each) for _ in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = [line for process in processes for line in process.communicate()[0].split()]
    assert len(set(ids)) == count * each
    assert sorted(ids) == [found.run_id for found in find_runs(tmp_path / "w")]


def test_a_killed_creation_leaves_no_run(tmp_path, run, start_python):
    """Processes killed while they create runs leave only whole runs behind that look like runs."""
    for _ in range(5):
        process = start_python(CREATE_MANY, tmp_path / "w", run.plan_file, 10_000)
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    found = find_runs(tmp_path / "w")
    assert len(found) >= 5
    for survivor in found:
        assert survivor.plan().name == "toy"
        assert RunDirectory.open(survivor.path) == survivor


def test_a_half_made_run_is_passed_over(run, tmp_path):
    """What a creation killed before its rename leaves is neither listed nor found."""
    half = run.path.with_name(f".new-{run.run_id}")
    run.path.rename(half)
    assert find_runs(tmp_path) == []


def test_a_folder_that_may_not_be_written(tmp_path, run, start_python):
    """A read-only workspace ends in a usage error that names the folder and the way out, not in a traceback."""
    workspace = tmp_path / "readonly"
    workspace.mkdir()
    workspace.chmod(stat.S_IRUSR | stat.S_IXUSR)
    output, errors = start_python(CREATE_UNPRIVILEGED, workspace, run.plan_file).communicate()
    assert output.startswith(f"UsageError YT931 cannot write in {workspace / 'runs' / 'toy'}: Permission denied"), errors
    assert "--workspace" in output
    assert list(workspace.iterdir()) == []


def test_a_file_in_the_place_of_the_folder(tmp_path, make_run):
    """A workspace whose `runs` is a file ends in the same error."""
    (tmp_path / "runs").write_text("")
    with pytest.raises(UsageError, match="cannot write in"):
        make_run(tmp_path)


def test_a_full_disk(small_disk: Path, make_run):
    """Creating runs until the disk is full ends in an error that says so; those made before stay whole."""

    def fill():
        for _ in range(100):
            make_run(small_disk)

    with pytest.raises(RunError, match="no space left to write in") as caught:
        fill()
    assert caught.value.code == "YT930"
    assert find_runs(small_disk)
    assert all(found.plan().name == "toy" for found in find_runs(small_disk))
