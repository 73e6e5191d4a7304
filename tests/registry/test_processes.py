"""Many processes write to one registry, and some of them die: what was acknowledged stays, once, in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from random import Random

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemRegistry
from ymltrain.registry import Registry
from ymltrain.registry.log import ModelLog
from ymltrain.registry.verify import verify_registry

Bundle = Callable[..., Path]
WRITER = Path(__file__).with_name("writer.py")


@contextmanager
def writers(number: int, root: Path, bundle: Path, *, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes let loose together, once all of them are ready; none outlives the test."""
    command = [sys.executable, str(WRITER), str(root), str(bundle), "m", str(count)]
    with ExitStack() as stack:
        started = []
        for _ in range(number):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            started.append(stack.enter_context(process))
            stack.callback(process.kill)
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
        yield started


def numbers(output: str) -> list[int]:
    """The versions a writer was told; a last line it did not finish printing does not count."""
    return [int(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]


def test_no_registration_is_lost(backend: FilesystemRegistry, registry: Registry, bundle: Bundle, root: Path) -> None:
    """Eight processes register 25 versions each of a model that does not exist yet: 200 numbers, all different, one chain."""
    acknowledged = []
    with writers(8, root, bundle(), count=25) as processes:
        for process in processes:
            output, _ = process.communicate()
            assert process.returncode == 0
            acknowledged.append(numbers(output))
    assert [len(told) for told in acknowledged] == [25] * 8
    assert sorted(chain.from_iterable(acknowledged)) == list(range(1, 201))
    assert all(told == sorted(told) for told in acknowledged)
    assert [version.version for version in registry.show("m").versions] == list(range(1, 201))
    assert len({event.write_id for event in ModelLog(backend, "m").events()}) == 200
    assert not list(root.rglob(".tmp-*"))


@pytest.mark.parametrize("acknowledgements", [0, 1, 5, 12])
def test_killed_writers(backend: FilesystemRegistry, registry: Registry, bundle: Bundle, root: Path, acknowledgements: int) -> None:
    """After `kill -9` in mid-write every acknowledged version is there, the chain is whole, and writing goes on."""
    with writers(3, root, bundle(), count=10_000) as processes:
        told = [int(processes[0].stdout.readline()) for _ in range(acknowledgements)]
        for process in processes:
            process.kill()
        for process in processes:
            rest, _ = process.communicate()
            assert process.returncode == -9
            told += numbers(rest)
    committed = [event.change.version for event in ModelLog(backend, "m").events()]
    assert committed == list(range(1, len(committed) + 1))
    assert len(told) == len(set(told))
    assert set(told) <= set(committed)
    assert len(told) >= acknowledgements
    following = registry.register(bundle(), model="m")
    assert following.version == len(committed) + 1
    registry.materialize(following, root.parent / "cache")


@pytest.mark.slow
def test_three_thousand_registrations(registry: Registry, bundle: Bundle, root: Path) -> None:
    """Sixteen processes register 200 versions each: 3,200 acknowledged, 3,200 distinct, the log without a gap."""
    with writers(16, root, bundle(), count=200) as processes:
        outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 16
    told = list(chain.from_iterable(map(numbers, outputs)))
    assert sorted(told) == list(range(1, 3201))
    assert sorted(int(path.stem) for path in (root / "models/m/log").glob("*.json")) == list(range(1, 3201))
    assert [version.version for version in registry.show("m").versions] == list(range(1, 3201))


@pytest.mark.slow
def test_fifty_rounds_of_kills(registry: Registry, bundle: Bundle, root: Path) -> None:
    """For 50 rounds random writers are killed at random moments: every acknowledged version is there and verifies, none is torn."""
    random = Random(20261125)
    told: list[int] = []
    for _ in range(50):
        with writers(3, root, bundle(), count=10_000) as processes:
            before = [int(process.stdout.readline()) for process in random.sample(processes, random.randint(0, 3))]
            victims = random.sample(processes, random.randint(1, 3))
            for process in [*victims, *(process for process in processes if process not in victims)]:
                process.kill()
            told += before
            for process in processes:
                told += numbers(process.communicate()[0])
    committed = [version.version for version in registry.show("m").versions]
    assert committed == list(range(1, len(committed) + 1))
    assert len(told) == len(set(told))
    assert set(told) <= set(committed)
    found = verify_registry(registry)
    assert (found.damage, found.versions) == ([], len(committed))


def test_a_reader_during_writes(registry: Registry, bundle: Bundle, root: Path) -> None:
    """Somebody who reads while others write sees whole states only, each the continuation of the one before."""
    seen = 0
    with writers(2, root, bundle(), count=40) as processes:
        while any(process.poll() is None for process in processes):
            if registry.list_models():
                reader = Registry(registry.backend)
                versions = reader.show("m").versions
                count = len(versions)
                assert count >= seen
                if count > seen:
                    reader.materialize(versions[-1], root.parent / "read" / str(count))  # the newest is whole at once
                assert reader.summarize("m").count >= count
                seen = count
        for process in processes:
            process.communicate()
    assert len(registry.show("m").versions) == 80
    assert seen > 0
