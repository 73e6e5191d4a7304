"""The log: a chain that shows every change made to it, and admits what it does not understand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.registry.log import ModelLog
from ymltrain.storage import bytes_digest

Bundle = Callable[..., Path]


@pytest.fixture
def log(registry: Registry, bundle: Bundle, root: Path) -> Path:
    """The folder of a log with three registrations and an alias."""
    for number in range(3):
        registry.register(bundle(b"%d" % number), model="m")
    registry.set_alias("m", "champion", 2)
    return root / "models" / "m" / "log"


def event(log: Path, seq: int) -> Path:
    """The file of an event."""
    return log / f"{seq:020}.json"


def append_by_hand(log: Path, seq: int, change: dict, **fields: object) -> None:
    """Write an event as another program might."""
    prev = bytes_digest(event(log, seq - 1).read_bytes())
    content = {"seq": seq, "write_id": f"write-id-{seq}", "prev_sha256": prev, "at": "2027-01-01T00:00:00Z", "actor": "eve"}
    event(log, seq).write_text(json.dumps({**content, **fields, "change": change}))


def test_each_event_carries_the_digest_of_the_one_before(log: Path) -> None:
    """The chain can be followed with any SHA-256 tool."""
    for seq in (2, 3, 4):
        assert json.loads(event(log, seq).read_text())["prev_sha256"] == bytes_digest(event(log, seq - 1).read_bytes())


def edit(path: Path, old: str, new: str) -> None:
    """Change an event by hand."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda log: edit(event(log, 1), "ada", "eve"), "02.json in .* says it is event 2 after sha256:.*, but follows sha256:"),
        (lambda log: event(log, 2).unlink(), "02.json in .* is missing, though event 4 exists"),
        (lambda log: event(log, 1).unlink(), "01.json in .* is missing"),
        (lambda log: event(log, 3).write_bytes(b""), "03.json is damaged"),
        (lambda log: event(log, 3).write_bytes(event(log, 3).read_bytes()[:-20]), "03.json is damaged"),
        (lambda log: event(log, 3).write_bytes(b"\xff\xfe"), "03.json is damaged"),
        (lambda log: event(log, 3).write_bytes(b"[" * 100_000), "03.json is damaged"),
        (lambda log: event(log, 4).write_bytes(event(log, 3).read_bytes()), "04.json in .* says it is event 3"),
        (
            lambda log: append_by_hand(log, 5, {"op": "register", "version": 9, "digest": "x"}),
            "event 5 registers version 9 after 3",
        ),
        (lambda log: append_by_hand(log, 5, {"op": "alias", "alias": "a", "version": 9}), "event 5 speaks of version 9"),
        (lambda log: append_by_hand(log, 5, {"op": "register", "version": "4"}), "05.json is damaged"),
        (lambda log: append_by_hand(log, 5, {}), "05.json is damaged"),
    ],
)
def test_damage_is_found(
    backend: FilesystemRegistry, bundle: Bundle, log: Path, damage: Callable[[Path], object], what: str
) -> None:
    """An event that was edited, removed, cut, swapped or forged is named when the log is read or written, and nothing is added."""
    damage(log)
    registry = Registry(backend)
    before = sorted(log.iterdir())
    for call in (lambda: registry.show("m"), lambda: registry.register(bundle(), model="m")):
        with pytest.raises(RegistryError, match=what) as refused:
            call()
        assert refused.value.code == "YT955"
    assert sorted(log.iterdir()) == before


def test_a_log_that_was_replaced_is_read_anew(registry: Registry, bundle: Bundle, root: Path, log: Path) -> None:
    """A registry object that outlives the folder it knew believes what is there now."""
    shutil.rmtree(root)
    with pytest.raises(RegistryError, match='no model "m"'):
        registry.show("m")
    assert registry.register(bundle(), model="m").version == 1
    registry.register(bundle(), model="m")
    assert [version.version for version in registry.show("m").versions] == [1, 2]


def test_what_a_newer_ymltrain_wrote(registry: Registry, bundle: Bundle, log: Path) -> None:
    """An unknown op stops writing and aliases, which it may have moved; versions stay readable by number and digest."""
    append_by_hand(log, 5, {"op": "approve", "version": 1, "by": {"who": "eve"}})
    for call in (
        lambda: registry.register(bundle(), model="m"),
        lambda: registry.set_alias("m", "champion", 1),
        lambda: registry.resolve("m@champion"),
    ):
        with pytest.raises(RegistryError, match="approve") as refused:
            call()
        assert refused.value.code == "YT956"
        assert "upgrade" in refused.value.hint
    assert registry.resolve("m@2").version == 2
    assert registry.show("m").unknown_ops == ("approve",)
    assert not event(log, 6).exists()


def test_fields_of_a_newer_ymltrain_are_passed_over(registry: Registry, bundle: Bundle, log: Path) -> None:
    """A field an older version can do without does not stop it."""
    append_by_hand(log, 5, {"op": "unalias", "alias": "champion", "why": "a later field"}, signature="a later field")
    assert registry.show("m").aliases == {}
    assert registry.register(bundle(), model="m").version == 4


def test_ops_whose_verbs_come_later(registry: Registry, log: Path) -> None:
    """Yanks, descriptions and tags are part of the format already: they fold, and no alias moves to a yanked version."""
    changes = [
        {"op": "describe", "description": "prices"},
        {"op": "describe", "description": "first", "version": 1},
        {"op": "tag", "key": "team", "value": "blue"},
        {"op": "tag", "key": "team"},
        {"op": "tag", "key": "tier", "value": "1", "version": 1},
        {"op": "yank", "version": 3, "reason": "leak"},
        {"op": "yank", "version": 1},
        {"op": "yank", "version": 1, "yanked": False},
    ]
    for seq, change in enumerate(changes, start=5):
        append_by_hand(log, seq, change)
    state = registry.show("m")
    assert (state.description, state.tags) == ("prices", {})
    assert (state.numbered(1).description, state.numbered(1).tags) == ("first", {"tier": "1"})
    assert [version.state for version in state.versions] == ["candidate", "candidate", "yanked"]
    with pytest.raises(RegistryError, match="m@3 is yanked"):
        registry.set_alias("m", "champion", 3)


def test_what_lies_beside_the_events(backend: FilesystemRegistry, registry: Registry, log: Path) -> None:
    """Unfinished files of killed writers, and hints of later versions, are no events."""
    (log / ".tmp-0123456789abcdef").write_bytes(b'{"seq":5')
    (log / "_checkpoint.json").write_bytes(b"{}")
    (log / "6.json").write_bytes(b"{}")
    assert len(ModelLog(backend, "m").events()) == 4
    assert registry.set_alias("m", "champion", 3).aliases == ("champion",)
