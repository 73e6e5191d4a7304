"""Distributions that do not exist, as their metadata and modules on the path."""

import sys

import pytest

PLUGIN = '''
from ymltrain.api import plugin

@plugin("lr_scheduler", "{name}")
class Schedule:
    """Sound."""
    def __init__(self, params): ...
    def factor(self, step, total_steps, steps_per_epoch):
        return 1.0
'''


class Installed:
    """A folder on the path, in which distributions are put as an installer would put them."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, name, code=PLUGIN, api="", kind="lr_scheduler", metadata=None, points=None):
        """A distribution `strange-NAME` with one plugin NAME in a module of its own."""
        module = f"strange_{name}"
        (self.folder / f"{module}.py").write_text(code.replace("{name}", name))
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        if metadata is None:
            metadata = f"Metadata-Version: 2.1\nName: strange-{name}\nVersion: 1.0\n"
        (info / "METADATA").write_text(metadata)
        if points is None:
            points = f"[ymltrain.{kind}]\n{name} = {module}:Schedule\n{api}"
        (info / "entry_points.txt").write_text(points)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """An empty folder on the path; what was imported from it is forgotten afterwards."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Installed(folder)
    for name in [name for name in sys.modules if name.startswith("strange_")]:
        del sys.modules[name]
