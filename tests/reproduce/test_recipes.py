"""Every shipped recipe gives the same bits again, on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import ROOT

RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.stem for recipe in RECIPES])
def test_a_shipped_recipe_reproduces_to_the_bit(tmp_path, recipe):
    """As it is shipped, but for a search before it: weights and every logged value are the same, nothing parted."""

    def ymltrain(*words):
        command = [sys.executable, "-m", "ymltrain", *map(str, words), "--workspace", str(tmp_path), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=3_600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    result = ymltrain("fit", recipe, "--no-tune")
    again = ymltrain("reproduce", result["run_id"])
    assert again["level"] == "bitwise"
    assert again["identical"] is True
    assert again["differences"] == []
    assert again["tensor_digest"] == {"was": result["tensor_digest"], "is": result["tensor_digest"]}
