"""Tables to draft recipes for, and `init` on them."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ymltrain.cli.main import run

ROWS = 240


@dataclass
class Drafting:
    """A folder, `ymltrain` in it, and what it prints."""

    folder: Path
    capsys: object
    monkeypatch: object

    def write(self, name, header, rows, *, encoding="utf-8", **more):
        with (self.folder / name).open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, lineterminator="\n", **more)
            writer.writerow(header)
            writer.writerows(rows)
        return name

    def call(self, *arguments):
        """The exit code and the JSON document."""
        self.monkeypatch.chdir(self.folder)
        code = run([*map(str, arguments), "--json"])
        captured = self.capsys.readouterr()
        return code, json.loads(captured.out)

    def init(self, data, target, *more):
        """The draft of a recipe that compiles without a complaint."""
        code, document = self.call("init", data, "--target", target, *more)
        assert code == 0, document
        code, checked = self.call("check", "recipe.yaml")
        assert (code, checked) == (0, {"ok": True, "diagnostics": []})
        return Drafted(document)

    def fit(self):
        """One epoch of what was drafted, as it stands."""
        code, document = self.call("fit", "recipe.yaml", "trainer.max_epochs=1", "tracker=[]")
        assert code == 0, document
        return document


class Drafted:
    """The document of `init`, asked for one thing at a time."""

    def __init__(self, document):
        self.document = document
        self.recipe = document["recipe"]
        self.types = {column["name"]: column["type"] for column in document["columns"]}
        self.columns = {column["name"]: column for column in document["columns"]}
        self.datasource = document["datasource"]
        self.target = document["target"]

    def warnings(self, kind=None):
        """Column and sureness of each warning of a kind."""
        return {(one["column"], one["sure"]) for one in self.document["warnings"] if kind in (None, one["kind"])}


@pytest.fixture
def drafting(tmp_path, capsys, monkeypatch):
    """A folder of its own."""
    return Drafting(tmp_path, capsys, monkeypatch)


@pytest.fixture
def drawn():
    """Random numbers that are the same in every run."""
    return np.random.default_rng(7)
