"""What every registry backend must do.

A backend's own tests subclass the kit in a module of theirs

    class TestMyBackend(RegistryKit):
        def make(self, folder):
            return MyBackend(MyParams(url=f"my://{folder}"))

and pytest runs what they inherit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

from ymltrain.api import RegistryBackend, RegistryError

WRITERS = 8
UNSAFE_KEYS = ("", "/etc/passwd", "../escape", "a/../../escape", "a//b", "a/", "./a", "a\\b", "c:/a", "a\nb", "a\0b")


class RegistryKit:
    """The tests, as pytest collects them. Each gets a fresh folder; two backends made for one folder share their content."""

    def make(self, folder: Path) -> RegistryBackend:
        """A client of the storage that belongs to this folder (a remote backend takes the path as a unique prefix)."""
        raise NotImplementedError

    def test_reads_back_what_was_put(self, tmp_path: Path) -> None:
        """Another client reads exactly the bytes that were put."""
        content = bytes(range(256))
        assert self.make(tmp_path).put_if_absent("models/m/log/1.json", content) is True
        reader = self.make(tmp_path)
        assert reader.has("models/m/log/1.json")
        assert reader.read("models/m/log/1.json") == content

    def test_never_overwrites(self, tmp_path: Path) -> None:
        """A second put of a key returns False and changes nothing, even where the content is equal or empty."""
        backend = self.make(tmp_path)
        assert backend.put_if_absent("key", b"first") is True
        for content in (b"second", b"first", b""):
            assert backend.put_if_absent("key", content) is False
        assert backend.read("key") == b"first"

    def test_missing_key(self, tmp_path: Path) -> None:
        """A key that was never put is not there; reading it raises FileNotFoundError."""
        backend = self.make(tmp_path)
        backend.put_if_absent("models/m/log/1.json", b"content")
        for key in ("missing", "models/m/log/2.json", "models/other/log/1.json"):
            assert backend.has(key) is False
            _expect(FileNotFoundError, backend.read, key)
            _expect(FileNotFoundError, backend.open_blob, key)

    def test_lists_sorted_keys_below_a_folder(self, tmp_path: Path) -> None:
        """Listing gives the keys below a folder at any depth, sorted, and none of a folder whose name only begins alike."""
        backend = self.make(tmp_path)
        assert list(backend.list("")) == []
        for key in ("a/2", "a/10", "a/b/1", "ab/1", "c"):
            backend.put_if_absent(key, b"content")
        assert list(backend.list("a")) == ["a/10", "a/2", "a/b/1"]
        assert list(backend.list("missing")) == []
        assert list(self.make(tmp_path).list("")) == ["a/10", "a/2", "a/b/1", "ab/1", "c"]

    def test_blobs(self, tmp_path: Path) -> None:
        """A stored file reads back as a stream, stays as it was when its source changes, and is not replaced."""
        backend, source = self.make(tmp_path / "registry"), tmp_path / "source.bin"
        content = b"weights" * 100_000
        source.write_bytes(content)
        backend.put_blob("blobs/one", source)
        source.write_bytes(b"changed")
        backend.put_blob("blobs/one", source)
        with self.make(tmp_path / "registry").open_blob("blobs/one") as stream:
            assert stream.read(7) == b"weights"
            assert stream.read() == content[7:]
        assert backend.has("blobs/one")

    def test_one_of_many_writers_wins(self, tmp_path: Path) -> None:
        """Of writers that put one key at the same time exactly one is told True, and its content stays."""
        for key in (f"log/{number}" for number in range(20)):

            def write(writer: int, key: str = key) -> bool:
                return self.make(tmp_path).put_if_absent(key, b"%d" % writer)

            told = _at_once(write)
            winners = [writer for writer, won in enumerate(told) if won]
            assert len(winners) == 1, f"writers {winners} were all told that they created {key}"
            assert self.make(tmp_path).read(key) == b"%d" % winners[0]

    def test_a_reader_never_sees_a_part(self, tmp_path: Path) -> None:
        """While a key is being put, a reader finds nothing or the whole, in `read`, `has` and `list` alike."""
        content = b"x" * 4_000_000
        for key in (f"log/{number}" for number in range(5)):
            is_over = Event()

            def take_part(member: int, key: str = key, is_over: Event = is_over) -> bool:
                backend = self.make(tmp_path)
                if member > 0:
                    return _sees_whole(backend, key, content, is_over)
                try:
                    return backend.put_if_absent(key, content)
                finally:
                    is_over.set()

            assert all(_at_once(take_part)), f"a reader saw a part of {key}"

    def test_refuses_unsafe_keys(self, tmp_path: Path) -> None:
        """A key that could name something outside, or differ between systems, raises RegistryError in every method."""
        backend, source = self.make(tmp_path / "registry"), tmp_path / "source"
        source.write_bytes(b"content")
        for key in UNSAFE_KEYS:
            _expect(RegistryError, backend.put_if_absent, key, b"content")
            _expect(RegistryError, backend.put_blob, key, source)
            for method in (backend.read, backend.has, backend.open_blob, *([backend.list] if key else [])):
                _expect(RegistryError, method, key)

    def test_says_where_it_is(self, tmp_path: Path) -> None:
        """`str(backend)` names the place, not the object."""
        assert not str(self.make(tmp_path)).startswith("<")


def _at_once(work: Callable[[int], bool]) -> list[bool]:
    """The results of `work(0)` … `work(n)`, all let loose at the same moment."""
    barrier = Barrier(WRITERS)

    def start(number: int) -> bool:
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(start, range(WRITERS)))


def _sees_whole(backend: RegistryBackend, key: str, content: bytes, is_over: Event) -> bool:
    """Reads until the writer is done: whether all that was ever seen of the key was whole."""
    while not is_over.is_set():
        is_announced = backend.has(key) or key in backend.list("log")
        try:
            if backend.read(key) != content:
                return False
        except FileNotFoundError:
            if is_announced:
                return False
    return backend.read(key) == content


def _expect(error: type[Exception], call: Callable[..., object], *arguments: object) -> None:
    try:
        call(*arguments)
    except error:
        return
    raise AssertionError(f"{getattr(call, '__name__', call)}{arguments} did not raise {error.__name__}")
