"""What the code of a distribution is: its RECORD, and its sources where they may change."""

import json
import sys

import pytest

from ymltrain.record.packages import code_digest


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package of one file as an installer leaves it; the folder of its sources."""

    def make(*, editable):
        site, sources = tmp_path / "site", tmp_path / "sources"
        folder = site / "odd_plugin-1.0.dist-info"
        folder.mkdir(parents=True)
        (sources / "odd_plugin").mkdir(parents=True)
        (sources / "odd_plugin" / "__init__.py").write_text("x = 1\n")
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-plugin\nVersion: 1.0\n")
        (folder / "RECORD").write_text("odd_plugin/__init__.py,sha256=abc,6\n")
        origin = {"url": sources.as_uri(), "dir_info": {"editable": editable}}
        (folder / "direct_url.json").write_text(json.dumps(origin))
        monkeypatch.setattr(sys, "path", [*sys.path, str(site), str(sources)])
        return sources / "odd_plugin"

    return make


def test_an_edited_source_is_other_code(install):
    """Of an editable install, whose version stays the same."""
    sources = install(editable=True)
    first = code_digest("odd-plugin", "odd_plugin")
    assert code_digest("odd-plugin", "odd_plugin") == first
    (sources / "__init__.py").write_text("x = 2\n")
    second = code_digest("odd-plugin", "odd_plugin")
    (sources / "more.py").write_text("")
    (sources / ".#more.py").symlink_to("ada@host.1:2")  # as an editor marks what it has open
    assert len({first, second, code_digest("odd-plugin", "odd_plugin")}) == 3


def test_what_is_installed_counts_by_its_record(install, tmp_path):
    """Another build of the same version is other code; its files are not read."""
    sources = install(editable=False)
    first = code_digest("odd-plugin", "odd_plugin")
    (sources / "__init__.py").write_text("x = 2\n")
    assert code_digest("odd-plugin", "odd_plugin") == first
    (tmp_path / "site/odd_plugin-1.0.dist-info/RECORD").write_text("odd_plugin/__init__.py,sha256=def,6\n")
    assert code_digest("odd-plugin", "odd_plugin") != first


def test_what_is_not_installed_has_no_code():
    """A file given by `--plugin` counts by its own digest elsewhere."""
    assert code_digest("no-such-distribution-here", "no_such") == ""
