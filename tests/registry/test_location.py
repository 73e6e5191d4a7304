"""Where a registry may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from ymltrain.api import NoParams, PluginError
from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import located


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, "/work space/registry"),
        ("models", "/work space/models"),
        ("../shared", "/work space/../shared"),
        ("/data/registry", "/data/registry"),
        ("file:///data/my%20registry", "/data/my registry"),
        ("file://localhost/data", "/data"),
        ("~/registry", str(Path("~/registry").expanduser())),
    ],
)
def test_located(url: str | None, place: str) -> None:
    """What a recipe leaves open is taken from the workspace; the rest stays."""
    assert str(FilesystemRegistry(located(FilesystemParams(url=url), Path("/work space")))) == place


def test_params_without_a_url_stay() -> None:
    """A backend that has no `url` is located by its own params."""
    assert located(NoParams(), Path("/w")) == NoParams()


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("file://server/share", "another machine"),
        ("relative/path", "no absolute path"),
        ("file://", "no absolute path"),
        ("/a\0b", "no absolute path"),
        (None, "without its folder"),
    ],
)
def test_other_places_are_refused(url: str | None, what: str) -> None:
    """Another machine is not in this version and the error says so; a path must be absolute by then."""
    with pytest.raises(PluginError, match=what) as refused:
        FilesystemRegistry(FilesystemParams(url=url))
    assert refused.value.code == "YT950"


@pytest.mark.parametrize("url", ["https://example.org/registry", "gs://bucket/registry", "simplecache::s3://bucket/registry"])
def test_a_scheme_whose_condition_is_not_known(url: str) -> None:
    """Storage of which nobody knows whether it creates exclusively is refused with the recipe; a single writer may use it."""
    with pytest.raises(ValueError, match=r"whether .* can create a key exclusively is not known"):
        FilesystemParams(url=url)
    assert FilesystemParams(url=url, single_writer=True).url == url


def test_constructing_touches_nothing(tmp_path: Path) -> None:
    """A backend can be constructed for a check; its folder appears with the first write."""
    FilesystemRegistry(FilesystemParams(url=str(tmp_path / "registry")))
    assert list(tmp_path.iterdir()) == []
