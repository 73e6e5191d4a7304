"""FORMAT.json: written once, and refused when it is of another time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        (b'{"format":"ymltrain-registry","version":3}', "YT956", "has format 3; this ymltrain knows formats 1 and 2"),
        (b'{"format":"ymltrain-registry","version":1,"features":["encrypted"]}', "YT956", "format 1 with encrypted"),
        (b'{"format":"something-else","version":1}', "YT956", "is no model registry"),
        (b'{"format":"ymltrain-reg', "YT955", "is damaged"),
        (b"\xff", "YT955", "is damaged"),
    ],
)
def test_another_format_is_refused(
    registry: Registry, bundle: Callable[..., Path], root: Path, *, content: bytes, code: str, what: str
) -> None:
    """A registry of a later format, or with features unknown here, is neither read nor written."""
    version = registry.register(bundle(), model="m")
    (root / "FORMAT.json").write_bytes(content)
    before = sorted(root.rglob("*"))
    for call in (
        registry.list_models,
        lambda: registry.show("m"),
        lambda: registry.resolve("m@1"),
        lambda: registry.materialize(version, root.parent / "cache"),
        lambda: registry.register(bundle(), model="m"),
        lambda: registry.set_alias("m", "champion", 1),
    ):
        with pytest.raises(RegistryError, match=what) as refused:
            call()
        assert refused.value.code == code
    assert sorted(root.rglob("*")) == before


def test_keys_a_later_version_adds_are_passed_over(registry: Registry, bundle: Callable[..., Path], root: Path) -> None:
    """A key beside those known here does not stop it."""
    root.mkdir()
    (root / "FORMAT.json").write_bytes(b'{"format":"ymltrain-registry","version":1,"features":[],"made_by":"ymltrain 9"}')
    assert registry.register(bundle(), model="m").version == 1
