"""The registry on real S3 servers: exclusive creation, races, lost answers, and a server that ignores the condition."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.registry.copying import copy_model
from ymltrain.registry.verify import verify_registry
from ymltrain.testing.registry import RegistryKit

from .s3_servers import ACCESS, BUCKET, Faults, faulty_proxy, ignoring_server, moto, seaweedfs, served

pytestmark = [
    pytest.mark.services,
    # s3fs leaves connections to whoever collects garbage
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

WRITER = Path(__file__).with_name("s3_writer.py")


def bucket(endpoint: str, prefix: str, **more: object) -> FilesystemRegistry:
    """The shipped backend over a bucket."""
    options = {"endpoint_url": endpoint, "config_kwargs": {"read_timeout": 2, "retries": {"max_attempts": 0}}, **ACCESS}
    return FilesystemRegistry(FilesystemParams(url=f"s3://{BUCKET}/{prefix.strip('/')}", options=options, **more))


def make_bucket(endpoint: str) -> None:
    """The bucket, as whoever pays for it makes it."""
    import s3fs

    s3fs.S3FileSystem(endpoint_url=endpoint, **ACCESS).mkdir(BUCKET)


@pytest.fixture(scope="module")
def moto_endpoint() -> Iterator[str]:
    """Moto with the bucket."""
    with moto() as endpoint:
        make_bucket(endpoint)
        yield endpoint


@pytest.fixture(scope="module")
def seaweed_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS with the bucket."""
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as endpoint:
        make_bucket(endpoint)
        yield endpoint


@pytest.fixture(scope="module", params=["moto", "seaweed"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """Each server that honours the condition."""
    return request.getfixturevalue(f"{request.param}_endpoint")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "contract.json").write_text("{}")
    (folder / "README.md").write_text("# model")
    return folder


class TestS3Kit(RegistryKit):
    """The conformance kit, over each server."""

    @pytest.fixture(autouse=True)
    def _server(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def make(self, folder: Path) -> FilesystemRegistry:
        return bucket(self.endpoint, str(folder))


def test_a_life_on_s3(endpoint: str, tmp_path: Path, bundle: Path) -> None:
    """Register, alias, resolve by another client, materialize, verify, copy to a folder with history."""
    registry = Registry(bucket(endpoint, str(tmp_path)))
    assert registry.begin().features == ()
    registry.register(bundle, model="m")
    registry.set_alias("m", "champion", 1)
    reader = Registry(bucket(endpoint, str(tmp_path)))
    version = reader.resolve("m@champion")
    assert (reader.materialize(version, tmp_path / "out") / "README.md").read_text() == "# model"
    assert verify_registry(reader).damage == []
    assert reader.list_models() == ["m"]
    local = Registry(FilesystemRegistry(FilesystemParams(url=str(tmp_path / "local"))))
    assert copy_model(reader, local, "m").events == 2
    assert local.resolve("m@champion") == version


def test_racing_processes(endpoint: str, tmp_path: Path, bundle: Path) -> None:
    """Four processes register at once: every acknowledged number is there once, and the log has no gap."""
    prefix = str(tmp_path).strip("/")
    command = [sys.executable, str(WRITER), endpoint, prefix, str(bundle), "5"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [int(line) for process in processes for line in process.communicate(timeout=300)[0].split()]
    assert sorted(told) == list(range(1, 21))
    assert [version.version for version in Registry(bucket(endpoint, prefix)).show("m").versions] == list(range(1, 21))


FAULTS = ["lost before", "answer lost", "409", "500", "503", "500 after", "412 after", "timeout"]


@pytest.mark.parametrize("schedule", [[fault] for fault in FAULTS] + [list(pair) for pair in itertools.pairwise(FAULTS)])
def test_faults_of_the_store(moto_endpoint: str, tmp_path: Path, bundle: Path, schedule: list[str]) -> None:
    """Whatever happens to the put of an event, a registration that is repeated until it is acknowledged is made once."""
    faults = Faults()
    with served(faulty_proxy(moto_endpoint, faults)) as endpoint:
        registry = Registry(bucket(endpoint, str(tmp_path)))
        registry.register(bundle, model="m")
        faults.planned = list(schedule)
        while True:
            with suppress(RegistryError):
                version = registry.register(bundle, model="m", write_id="the-write")
                break
        assert version.version == 2
    assert faults.happened == schedule[: len(faults.happened)] != []  # a put that had arrived leaves no second one to fail
    assert len(Registry(bucket(moto_endpoint, str(tmp_path))).show("m").versions) == 2


def test_faults_among_writers(moto_endpoint: str, tmp_path: Path, bundle: Path) -> None:
    """Four writers through a store that loses answers: each registration is there exactly once."""
    faults = Faults(["answer lost", "none", "412 after", "409", "none", "500 after", "lost before", "none"] * 3)
    with served(faulty_proxy(moto_endpoint, faults)) as endpoint:

        def write(writer: int) -> list[int]:
            registry = Registry(bucket(endpoint, str(tmp_path)))
            made = []
            for number in range(4):
                while True:
                    with suppress(RegistryError):
                        made.append(registry.register(bundle, model="m", write_id=f"{writer}-{number}").version)
                        break
            return made

        with ThreadPoolExecutor(4) as pool:
            told = list(itertools.chain.from_iterable(pool.map(write, range(4))))
    assert sorted(told) == list(range(1, 17))
    assert len(Registry(bucket(moto_endpoint, str(tmp_path))).show("m").versions) == 16


def test_a_server_that_ignores_the_condition(bundle: Path) -> None:
    """It is found when the registry begins, and nothing is written; a single writer may use it, and nobody else then."""
    with served(ignoring_server()) as endpoint:
        registry = Registry(bucket(endpoint, "models"))
        for call in (registry.begin, lambda: registry.register(bundle, model="m")):
            with pytest.raises(RegistryError, match="created once more") as refused:
                call()
            assert refused.value.code == "YT970"
        assert registry.list_models() == []
        alone = Registry(bucket(endpoint, "models", single_writer=True))
        assert alone.begin().features == ("single_writer",)
        assert alone.register(bundle, model="m").version == 1
        assert alone.register(bundle, model="m").version == 2
        with pytest.raises(RegistryError, match="for a single writer"):
            registry.register(bundle, model="m")


def test_a_store_that_is_not_there(bundle: Path) -> None:
    """An endpoint that nobody listens on is a fault of the storage, not of ymltrain."""
    with pytest.raises(RegistryError) as refused:
        Registry(bucket("http://127.0.0.1:9", "models")).register(bundle, model="m")
    assert refused.value.code == "YT954"
