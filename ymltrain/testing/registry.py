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
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Event

from ymltrain.api import RegistryBackend, RegistryError, StoredFile

WRITERS = 8
CLOCKS_DIFFER = 3600
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

    def test_lists_what_comes_after_a_key(self, tmp_path: Path) -> None:
        """With `after`, listing gives only the keys that sort behind that one, whether or not it exists."""
        backend = self.make(tmp_path)
        for number in range(5):
            backend.put_if_absent(f"log/{number}.json", b"content")
        assert list(backend.list("log", "log/2.json")) == ["log/3.json", "log/4.json"]
        assert list(backend.list("log", "log/2.jso")) == ["log/2.json", "log/3.json", "log/4.json"]
        assert list(backend.list("log", "log/9.json")) == []

    def test_names_folders(self, tmp_path: Path) -> None:
        """The folders right below one are named, once each and sorted; files are not."""
        backend = self.make(tmp_path)
        assert list(backend.folders("models")) == []
        for key in ("models/b/log/1", "models/a/log/1", "models/a/log/2", "models/note", "other/c/1"):
            backend.put_if_absent(key, b"content")
        assert list(backend.folders("models")) == ["a", "b"]
        assert list(backend.folders("models/a")) == ["log"]
        assert list(backend.folders("")) == ["models", "other"]

    def test_replaces(self, tmp_path: Path) -> None:
        """A hint can be created and overwritten; another client reads what was written last."""
        backend = self.make(tmp_path)
        for content in (b"first", b"the second"):
            backend.replace("models/m/head.json", content)
            assert self.make(tmp_path).read("models/m/head.json") == content

    def test_moves_and_deletes(self, tmp_path: Path) -> None:
        """A moved key has its content under the new name alone; deleting is a no-op where nothing is."""
        backend = self.make(tmp_path)
        backend.put_if_absent("blobs/one", b"content")
        backend.put_if_absent("trash/one", b"old")
        backend.move("blobs/one", "trash/one")
        assert backend.has("blobs/one") is False
        assert backend.read("trash/one") == b"content"
        _expect(FileNotFoundError, backend.move, "blobs/one", "trash/two")
        for _ in range(2):
            backend.delete("trash/one")
            assert backend.has("trash/one") is False

    def test_knows_when(self, tmp_path: Path) -> None:
        """A key has the time at which it was stored, with its time zone."""
        backend = self.make(tmp_path)
        backend.put_if_absent("key", b"content")
        assert abs((datetime.now(UTC) - backend.modified("key")).total_seconds()) < CLOCKS_DIFFER
        _expect(FileNotFoundError, backend.modified, "missing")

    def test_sweeps_nothing_that_is_whole(self, tmp_path: Path) -> None:
        """Sweeping removes unfinished writes only, however old the rest is."""
        backend = self.make(tmp_path)
        backend.put_if_absent("key", b"content")
        assert list(backend.sweep(datetime.now(UTC) + timedelta(days=1), remove=True)) == []
        assert backend.read("key") == b"content"

    def test_blobs(self, tmp_path: Path) -> None:
        """A stored file lies under its digest, reads back as a stream, stays as it was, and is stored once."""
        backend, source = self.make(tmp_path / "registry"), tmp_path / "source.bin"
        content = b"weights" * 1_000_000
        source.write_bytes(content)
        stored = _put(backend, source)
        assert (stored.digest, stored.size, stored.is_new) == (f"sha256:{sha256(content).hexdigest()}", len(content), True)
        source.write_bytes(b"changed")
        assert _put(backend, source).digest == f"sha256:{sha256(b'changed').hexdigest()}"
        source.write_bytes(content)
        assert _put(backend, source).is_new is False
        with self.make(tmp_path / "registry").open_blob(_blob_key(stored.digest)) as stream:
            assert stream.read(7) == b"weights"
            rest = b"".join(iter(lambda: stream.read(1 << 20), b""))
        assert rest == content[7:]

    def test_several_blobs(self, tmp_path: Path) -> None:
        """Files are told in the order in which they were given, small ones and large ones, the same content twice."""
        contents = [b"large" * 1_000_000, b"small", b"", b"small"]
        sources = [tmp_path / f"source-{number}" for number in range(len(contents))]
        for source, content in zip(sources, contents, strict=True):
            source.write_bytes(content)
        backend = self.make(tmp_path / "registry")
        stored = backend.put_blobs(sources, _blob_key)
        assert [one.digest for one in stored] == [f"sha256:{sha256(content).hexdigest()}" for content in contents]
        assert [one.size for one in stored] == [len(content) for content in contents]
        assert list(backend.put_blobs([], _blob_key)) == []

    def test_an_empty_blob(self, tmp_path: Path) -> None:
        """A file without a byte is a blob like any other."""
        backend, source = self.make(tmp_path / "registry"), tmp_path / "source.bin"
        source.touch()
        stored = _put(backend, source)
        assert stored.size == 0
        with backend.open_blob(_blob_key(stored.digest)) as stream:
            assert stream.read() == b""

    def test_one_of_many_writers_wins(self, tmp_path: Path) -> None:
        """Of writers that put one key at the same time exactly one is told True, and its content stays."""
        for key in (f"log/{number}" for number in range(20)):

            def write(writer: int, key: str = key) -> bool:
                return self.make(tmp_path).put_if_absent(key, b"%d" % writer)

            told = _at_once(write)
            winners = [writer for writer, won in enumerate(told) if won]
            assert len(winners) == 1, f"writers {winners} were all told that they created {key}"
            assert self.make(tmp_path).read(key) == b"%d" % winners[0]

    def test_a_turn_holds_up_for_a_moment_only(self, tmp_path: Path) -> None:
        """Writers may wait for each other, not for ever: one whose turn does not end is passed. A folder need not exist yet."""
        first, second = self.make(tmp_path), self.make(tmp_path)

        def put_in_turn() -> bool:
            with second.turn("log"):
                return second.put_if_absent("log/2", b"two")

        with first.turn("log"):
            first.put_if_absent("log/1", b"one")
        with ThreadPoolExecutor(1) as pool, first.turn("log"):
            assert pool.submit(put_in_turn).result(timeout=30)

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
        backend.put_if_absent("key", b"content")
        for key in UNSAFE_KEYS:
            _expect(RegistryError, backend.put_if_absent, key, b"content")
            _expect(RegistryError, backend.replace, key, b"content")
            _expect(RegistryError, backend.put_blobs, [source], lambda _, key=key: key)
            _expect(RegistryError, backend.move, "key", key)
            for method in (backend.read, backend.has, backend.open_blob, backend.modified, backend.delete):
                _expect(RegistryError, method, key)
            for listing in (backend.list, backend.folders) if key else ():
                _expect(RegistryError, listing, key)

    def test_says_where_it_is(self, tmp_path: Path) -> None:
        """`str(backend)` names the place, not the object."""
        assert not str(self.make(tmp_path)).startswith("<")


def _put(backend: RegistryBackend, source: Path) -> StoredFile:
    (stored,) = backend.put_blobs([source], _blob_key)
    return stored


def _blob_key(digest: str) -> str:
    return f"blobs/{digest.removeprefix('sha256:')}"


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
