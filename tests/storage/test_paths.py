"""Which relative paths and names are safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.storage import alias_problem, inside, model_name_problem, path_problem, path_set_problem


@pytest.mark.parametrize(
    "path", ["weights.safetensors", "a/b/c.json", "Größe/données 2.txt", ".hidden", "a..b", "...a", "~", "x" * 255]
)
def test_safe_paths(path: str) -> None:
    """Ordinary names pass, whatever their script."""
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "empty"),
        ("/a", "absolute"),
        ("..", ".."),
        ("a/../b", ".."),
        ("a/./b", "."),
        ("a//b", "empty segment"),
        ("a/", "empty segment"),
        ("a\\b", "\\"),
        ("c:/a", ":"),
        ("file://a", ":"),
        ("a\nb", "invisible"),
        ("a\0b", "invisible"),
        ("a\u202eb", "invisible"),
        ("a\u200bb", "invisible"),
        ("\udcff", "invisible"),
        ("a\u00a0b", "invisible"),
        ("e\u0301", "normal form"),
        (" a", "space"),
        ("a /b", "space"),
        ("a./b", "dot"),
        ("nul", "device"),
        ("a/COM1.txt", "device"),
        (".tmp-1", "unfinished"),
        ("x" * 256, "255"),
        ("/".join("x" * 600), "1024"),
    ],
)
def test_unsafe_paths(path: str, why: str) -> None:
    """Each way out, and each name that differs between systems, is refused with its reason."""
    assert why in (path_problem(path) or "it passed")


@given(st.text(st.sampled_from("ab./\\:~ \0"), max_size=12))
def test_a_safe_path_stays_inside(path: str) -> None:
    """Whatever passes lies strictly below its folder, and comes out as it was written."""
    if path_problem(path) is None:
        below = Path("/root") / path
        assert below.is_relative_to("/root")
        assert below.relative_to("/root").as_posix() == path
        assert ".." not in below.parts


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (["a.json", "A.JSON"], "letter case"),
        (["straße.txt", "STRASSE.txt"], "letter case"),
        (["a", "a/b"], "folder"),
        (["A", "b", "a/b/c"], "folder"),
        (["a.txt", "a.txt"], "letter case"),
    ],
)
def test_colliding_paths(paths: list[str], why: str) -> None:
    """Paths that cannot lie together on every system are refused."""
    assert why in (path_set_problem(paths) or "they passed")


def test_paths_that_only_begin_alike() -> None:
    """A common beginning is no collision."""
    assert path_set_problem(["a", "a.b", "ab/c", "b/a"]) is None


def test_inside_follows_no_link_out(tmp_path: Path) -> None:
    """A symbolic link may lead elsewhere below the folder, never out of it."""
    root = tmp_path / "root"
    (root / "kept").mkdir(parents=True)
    (root / "kept" / "file").touch()
    (root / "within").symlink_to("kept")
    (root / "out").symlink_to(tmp_path)
    assert inside(root, "within/file") == root / "within" / "file"
    assert inside(root, "not/there/yet") == root / "not" / "there" / "yet"
    for relative in ("out", "out/secret", "../root/kept/file"):
        with pytest.raises(ValueError, match=r"leads out of|has a segment"):
            inside(root, relative)


def test_inside_a_root_that_is_a_link(tmp_path: Path) -> None:
    """The root itself may be a symbolic link, as on clusters."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "registry").symlink_to("disk")
    assert inside(tmp_path / "registry", "a") == tmp_path / "registry" / "a"


@pytest.mark.parametrize("name", ["a", "7", "diamonds-price", "a.b_c-1", "v3", "x" * 128])
def test_model_names(name: str) -> None:
    """Lower-case names pass."""
    assert model_name_problem(name) is None


BAD_NAMES = [
    "",
    "..",
    "a..b",
    "../a",
    "a/b",
    "a\\b",
    "A",
    "Diamonds",
    "-a",
    ".a",
    "_a",
    "a.",
    "a b",
    "a\n",
    "a@b",
    "é",
    "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "\N{CYRILLIC SMALL LETTER A}",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "con",
    "x" * 129,
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_model_names(name: str) -> None:
    """Look-alikes of other scripts, upper case, separators, `..` and a trailing line break are refused with the rule."""
    assert (model_name_problem(name) or "").startswith(("a model name is 1 to 128", '"con" has a segment that is a device'))


@pytest.mark.parametrize("alias", ["champion", "v", "vx1", "3a", "sha", "prod-2"])
def test_aliases(alias: str) -> None:
    """Names that cannot be read as a version pass."""
    assert alias_problem(alias) is None


@pytest.mark.parametrize("alias", ["3", "03", "v3", "sha256", "sha256-abc", "sha256:abc", *BAD_NAMES])
def test_bad_aliases(alias: str) -> None:
    """What could be read as a version is no alias; the answer says what is allowed."""
    assert alias_problem(alias) is not None
