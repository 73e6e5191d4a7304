from __future__ import annotations

import os
import subprocess

import pytest

from ymltrain.record.source_code import GitState, git_state


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit of one file, and a way to run git in it."""

    def git(*words):
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "--initial-branch=trunk")
    (tmp_path / "recipe.yaml").write_text("recipe: 1\n")
    git("add", "recipe.yaml")
    git("commit", "-m", "first")
    return git


def test_a_clean_work_tree(tmp_path, repository):
    """Commit and branch are told, from a folder within the work tree too; untracked files do not make it dirty."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "new.csv").write_text("")
    state = GitState(commit=repository("rev-parse", "HEAD"), branch="trunk", is_dirty=False)
    assert git_state(tmp_path) == state
    assert git_state(tmp_path / "data") == state


@pytest.mark.parametrize("is_staged", [False, True])
def test_a_changed_file_makes_it_dirty(tmp_path, repository, is_staged):
    """A change of a tracked file is told, staged or not."""
    (tmp_path / "recipe.yaml").write_text("recipe: 1\nseed: 7\n")
    if is_staged:
        repository("add", "recipe.yaml")
    assert git_state(tmp_path).is_dirty is True


def test_a_detached_head_has_no_branch(tmp_path, repository):
    """Without a branch the commit is told alone."""
    repository("checkout", "--detach")
    assert git_state(tmp_path) == GitState(commit=repository("rev-parse", "HEAD"), branch=None, is_dirty=False)


def test_before_the_first_commit(tmp_path):
    """A new repository has a branch and no commit."""
    subprocess.run(["git", "init", "--initial-branch=trunk"], cwd=tmp_path, capture_output=True, check=True)
    assert git_state(tmp_path) == GitState(commit=None, branch="trunk", is_dirty=False)


def test_no_repository_and_no_git(tmp_path, monkeypatch):
    """Outside a repository, in a folder that is gone, and without git there is nothing to tell."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(tmp_path.parent))
    assert git_state(tmp_path) is None
    assert git_state(tmp_path / "gone") is None
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None


def test_a_repository_runs_no_code(tmp_path, repository):
    """A program that a repository's own configuration names for git to run is not run."""
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    repository("config", "core.fsmonitor", str(hook))
    assert git_state(tmp_path) is not None
    assert not (tmp_path / "ran").exists()
    repository("status")
    assert (tmp_path / "ran").exists()
