"""A place where distributions are installed as on a user's machine, beside what is installed here."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Place:
    """A virtual environment of its own that sees the libraries installed here and this checkout's ymltrain."""

    def __init__(self, folder):
        self.folder = folder
        self.call(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        packages = Path(self.call(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        # a path added this way is searched, but the links of editable installs in it are not followed
        sources = [ROOT, *sorted((ROOT / "plugins").glob("*/src")), sysconfig.get_path("purelib")]
        (packages / "seen.pth").write_text("".join(f"{path}\n" for path in sources))

    def call(self, *command, cwd=None, code=0):
        """Run a command away from the repository; its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        done = subprocess.run(
            [*map(str, command)], cwd=cwd or self.folder, capture_output=True, text=True, check=False, env=environment, timeout=600
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def ymltrain(self, *arguments, code=0):
        """What `ymltrain … --json` answers."""
        return json.loads(self.call(self.python, "-m", "ymltrain", *arguments, "--json", code=code))

    def install(self, *distributions):
        """Install from folders, without asking the network."""
        pip = (sys.executable, "-m", "pip", "--python", self.python, "install", "-q")
        self.call(*pip, "--no-deps", "--no-build-isolation", "--no-index", *distributions)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A fresh environment."""
    return Place(tmp_path_factory.mktemp("place"))
