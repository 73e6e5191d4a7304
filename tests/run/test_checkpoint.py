"""Checkpoints are complete or not there, and the newest complete one is what a run goes on from."""

from __future__ import annotations

import json
import resource

import pytest
import torch

from ymltrain.diagnostics import RunError
from ymltrain.run.checkpoint import Checkpoints, Snapshot
from ymltrain.run.pieces import Pieces
from ymltrain.run.state import Best, LoopState, Position


def snapshot(step, *, best_step=None, size=8):
    """A state at a step, whose weights all are that step."""
    best = None if best_step is None else Best(epoch=1, step=best_step, value=1.0, metrics={"val/rmse": float("inf")})
    return Snapshot(
        state=LoopState(
            position=Position(epoch=step // 10, step=step), pending_weight=3, best=best, metrics={"val/r2": float("nan")}
        ),
        weights=Pieces({"w": torch.full((size,), float(step))}),
        best_weights=None if best_step is None else Pieces({"w": torch.full((size,), float(best_step))}),
        optimizer=Pieces({"0.exp_avg": torch.full((size,), float(-step))}),
        training={"optimizer": {"state": {0: {"step": torch.tensor(step)}}, "param_groups": [{"betas": (0.9, 0.99)}]}},
        own={"pending": 0.1},
        circumstances={"threads": 1},
    )


@pytest.fixture
def checkpoints(tmp_path):
    """The checkpoints of a run that keeps two."""
    return Checkpoints(tmp_path, keep=2, plans=("sha256:1",))


def names(folder):
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_comes_back(checkpoints, tmp_path):
    """Weights, best weights, nested training state, and numbers that plain JSON does not know."""
    checkpoints.save(snapshot(12, best_step=9))
    found = Checkpoints(tmp_path, 2, ("sha256:1",)).newest()
    assert found.path == tmp_path / "1-12"
    assert found.tensors("weights").read("w").tolist() == [12.0] * 8
    assert found.tensors("best").read("w").tolist() == [9.0] * 8
    assert found.tensors("optimizer").read("0.exp_avg").tolist() == [-12.0] * 8
    assert found.training == snapshot(12).training
    assert (found.own(0), found.own(1), found.pending) == ({"pending": 0.1}, None, 0.1)
    assert found.state.position == Position(epoch=1, step=12)
    assert (found.state.pending_weight, found.state.best.metrics) == (3, {"val/rmse": float("inf")})
    assert found.state.metrics["val/r2"] != found.state.metrics["val/r2"]
    assert found.circumstances == {"threads": 1}


def test_an_empty_or_missing_folder_has_none(tmp_path):
    """A run that saved nothing starts from scratch."""
    assert Checkpoints(tmp_path, 2, ("",)).newest() is None
    assert Checkpoints(tmp_path / "missing", 2, ("",)).newest() is None


def test_the_newest_are_kept(checkpoints, tmp_path):
    """Steps count as numbers; older checkpoints go."""
    for step in (2, 9, 10, 11):
        checkpoints.save(snapshot(step))
    assert names(tmp_path) == ["1-10", "1-11"]
    assert checkpoints.newest().path.name == "1-11"


def test_unchanged_best_weights_take_no_space(checkpoints, tmp_path):
    """Each checkpoint holds them, as one file on disk; newer best weights are a file of their own."""
    for step, best in [(1, 1), (2, 1), (3, 3)]:
        checkpoints.save(snapshot(step, best_step=best))
        assert Checkpoints(tmp_path, 2, ("sha256:1",)).newest().tensors("best").read("w")[0] == best
    resumed = Checkpoints(tmp_path, 2, ("sha256:1",))
    resumed.newest()
    resumed.save(snapshot(4, best_step=3))
    files = [(tmp_path / name / "best.safetensors").stat().st_ino for name in ("0-3", "0-4")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "file",
    ["weights.safetensors", "best.safetensors", "optimizer.safetensors", "rank-0.pt", "training.pt", "loop.json", "manifest.json"],
)
@pytest.mark.parametrize("damage", ["missing", "cut", "changed", "empty"])
def test_a_damaged_one_is_passed_over(checkpoints, tmp_path, caplog, file, damage):
    """The one before it is taken, with a warning that names the damaged one; the next save clears it away."""
    checkpoints.save(snapshot(1, best_step=1))
    checkpoints.save(snapshot(7, best_step=7))
    path = tmp_path / "0-7" / file
    content = path.read_bytes()
    middle = len(content) // 2
    path.unlink()
    if damage != "missing":
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"cut": content[:middle], "changed": changed, "empty": b""}[damage])
    resumed = Checkpoints(tmp_path, 2, ("sha256:1",))
    assert resumed.newest().path.name == "0-1"
    assert f"checkpoint {tmp_path / '0-7'} is damaged and is passed over" in caplog.text
    resumed.save(snapshot(2, best_step=1))
    assert names(tmp_path) == ["0-1", "0-2"]


def test_leftovers_of_a_killed_save_are_cleared_away(checkpoints, tmp_path):
    """They are no checkpoints, and do not stay."""
    (tmp_path / ".tmp-0-3-123").mkdir()
    (tmp_path / ".tmp-0-3-123" / "weights.safetensors").write_bytes(b"half")
    assert checkpoints.newest() is None
    assert names(tmp_path) == []


def test_another_plans_checkpoints_are_refused(checkpoints, tmp_path):
    """They are not damaged, but they are not this run's."""
    checkpoints.save(snapshot(1))
    with pytest.raises(RunError, match="made by another plan"):
        Checkpoints(tmp_path, 2, ("sha256:2",)).newest()


def test_a_future_format_is_passed_over(checkpoints, tmp_path, caplog):
    """What this version cannot read it does not guess at."""
    checkpoints.save(snapshot(1))
    manifest = tmp_path / "0-1" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 3}))
    assert checkpoints.newest() is None
    assert "format 3" in caplog.text


@pytest.mark.parametrize(("limit", "size"), [(100, 8), (600, 8), (1_000_000, 1_000_000)])
def test_a_full_disk_loses_nothing_complete(checkpoints, tmp_path, limit, size):
    """The system refuses to let a file grow: the error names what is there, which can still be read."""
    checkpoints.save(snapshot(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(RunError) as caught:
            checkpoints.save(snapshot(2, size=size))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "YT903"
    assert f"the newest complete checkpoint is {tmp_path / '0-1'}" in caught.value.message
    assert "step 2 could not be saved" in caught.value.message
    assert names(tmp_path) == ["0-1"]
    assert checkpoints.newest().path.name == "0-1"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """Nothing was saved before, and the error says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="no checkpoint was saved before"):
        Checkpoints(tmp_path / "file" / "checkpoints", 2, ("",)).save(snapshot(1))
