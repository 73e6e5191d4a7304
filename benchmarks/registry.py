"""The registry: registrations per second against MLflow's SQLite registry, looking up among many, and large files.

Bounds: at least 150 registrations a second with 8 processes on a local disk, and 5 times MLflow's; `name@alias` among
10,000 versions under 15 ms, `ls` of 1,000 models under 1 s; saving and verifying 2 GiB in at most 1.25 times what
`sha256sum` and `cp` take. Ours stores three files a version, its metric and where it comes from, and flushes all of it.
The same in MLflow is a run with the metric and the files, and a version that points to it. What a version that points to
nothing costs there stands beside it.

    python benchmarks/registry.py [register|lookup|large]...
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from measure import ROOT, mlflow_python, report

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Registry
from ymltrain.registry.blobs import blob_key
from ymltrain.registry.checkpoints import event_key
from ymltrain.registry.events import Event, Register, SetAlias, encode_event
from ymltrain.storage import bytes_digest

PEERS = ROOT / "benchmarks" / "registry_peer"
PROCESSES = 8
COUNT = 50
LARGE = 2 << 30


def opened(folder):
    return Registry(FilesystemRegistry(FilesystemParams(url=str(folder))))


def main():
    asked = sys.argv[1:] or ["register", "lookup", "large"]
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        for part in asked:
            {"register": measure_register, "lookup": measure_lookup, "large": measure_large}[part](Path(folder))


def measure_register(folder):
    """Our turns come first: files that MLflow's database makes and deletes slow down later creations on some file systems."""
    python = mlflow_python()
    ways = (("one-model", lambda _: "m"), ("a-model-each", lambda number: f"m{number}"))
    ours = {name: [register_ours(folder / f"{name}-{turn}", models) for turn in range(3)] for name, models in ways}
    peers = {what: [register_mlflow(python, folder / f"{what}-{turn}", what) for turn in range(3)] for what in ("whole", "row")}
    whole, row = (statistics.median(peers[what]) for what in ("whole", "row"))
    for name, rates in ours.items():
        mine = statistics.median(rates)
        print(
            f"register, {name}: ours {mine:.0f}/s (bound 150); MLflow {whole:.0f}/s with the same files and metric, "
            f"{mine / whole:.1f} times as many (bound 5); {row:.0f}/s with a row and no more, {mine / row:.1f} times as many; "
            f"{load()}"
        )


def register_ours(root, models):
    """Registrations a second; process `number` registers into `models(number)`."""
    (root / "bundles").mkdir(parents=True)
    opened(root / "registry").begin()
    writer = [sys.executable, PEERS / "our_writer.py", root / "registry", root / "bundles"]
    return PROCESSES * COUNT / together([[*writer, models(number), COUNT] for number in range(PROCESSES)])


def register_mlflow(python, root, what):
    root.mkdir()
    store = f"sqlite:///{root}/mlflow.db"
    prepare_mlflow(python, store, root)
    return PROCESSES * COUNT / together([[python, PEERS / "mlflow_writer.py", store, root, COUNT, what]] * PROCESSES)


def together(commands):
    """Seconds from letting all processes loose until the last one says that it is done; none may fail."""
    processes = [
        subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout.readline() == "done\n"
    seconds = time.perf_counter() - started
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    return seconds


def prepare_mlflow(python, store, root):
    code = f"""\
from mlflow import MlflowClient
client = MlflowClient({store!r}, {store!r})
client.create_registered_model("m")
client.create_experiment("bench", artifact_location="file://{root}/artifacts")
"""
    subprocess.run([python, "-c", code], check=True, capture_output=True)


def measure_lookup(folder):
    big, many = folder / "big", folder / "many"
    write_log(big, "m", 10_000)
    opened(big).log("m").save_checkpoints()
    for number in range(1000):
        write_log(many, f"model-{number}", 5)
    fresh = [timed(lambda: opened(big).resolve("m@champion")) for _ in range(20)]
    registry = opened(big)
    warm = [timed(lambda: registry.resolve("m@champion")) for _ in range(20)]
    fresh_cpu = [timed(lambda: opened(big).resolve("m@champion"), time.process_time) for _ in range(20)]
    print(f"resolve name@alias among 10,000 versions: {ms(fresh)} by a new registry object (processor {ms(fresh_cpu)}), ", end="")
    print(f"{ms(warm)} by one in use (bound 15 ms); {load()}")
    listed = [timed(lambda: ls(many)) for _ in range(5)]
    listed_cpu = [timed(lambda: ls(many), time.process_time) for _ in range(5)]
    print(f"ls of 1,000 models: {ms(listed)} (processor {ms(listed_cpu)}; bound 1 s); {load()}")
    shown = [timed(lambda: opened(big).show("m")) for _ in range(5)]
    print(f"show of 10,000 versions: {statistics.median(shown):.2f} s")


def ls(folder):
    return opened(folder).summaries()


def write_log(folder, model, versions):
    """A log as a registry would have written it, without flushing each event."""
    (folder / "models" / model / "log").mkdir(parents=True)
    head, digest, at = None, bytes_digest(b"manifest"), datetime(2026, 11, 25, tzinfo=UTC)
    for seq in range(1, versions + 2):
        change = Register(version=seq, digest=digest, metrics={"test/rmse": 1.0, "test/mae": 2.0}, run_id=f"RUN{seq}")
        if seq == versions + 1:
            change = SetAlias(alias="champion", version=versions // 2)
        content = encode_event(Event(seq=seq, write_id=f"{model}-{seq}", prev_sha256=head, at=at, actor="ada", change=change))
        (folder / event_key(model, seq)).write_bytes(content)
        head = bytes_digest(content)
    if not (folder / "FORMAT.json").exists():
        opened(folder).backend.put_if_absent("FORMAT.json", b'{"format":"ymltrain-registry","version":2,"features":[]}\n')


def measure_large(folder):
    source = folder / "large.bin"
    chunk = os.urandom(1 << 26)
    with source.open("wb") as file:
        for _ in range(LARGE // len(chunk)):
            file.write(chunk)
    os.sync()
    registry = opened(folder / "large")
    saved, verified = [], []
    for turn in range(3):
        shutil.rmtree(folder / "large", ignore_errors=True)
        ours = timed(lambda: registry.backend.put_blobs([source], blob_key))
        peer = timed(lambda: copy_and_hash(source, folder / "copy.bin"))
        saved.append((ours, peer))
        stored = next((folder / "large" / "blobs").rglob("*/*/*"))
        digest = f"sha256:{stored.name}"
        ours = timed(lambda digest=digest: registry.blobs.verify(digest, what="it"))
        verified.append((ours, timed(lambda: subprocess.run(["sha256sum", source], check=True, capture_output=True))))
        (folder / "copy.bin").unlink()
        print(f"turn {turn + 1}: save {saved[-1][0]:.1f} s against {saved[-1][1]:.1f} s", file=sys.stderr)
    report("registry-save-2GiB", saved, bound=1.25)
    report("registry-verify-2GiB", verified, bound=1.25)


def copy_and_hash(source, to):
    """What a person does: hash it, copy it, and see that the copy is on the disk, as our save does."""
    subprocess.run(["sha256sum", source], check=True, capture_output=True)
    subprocess.run(["cp", source, to], check=True)
    if os.environ.get("WITH_SYNC"):
        subprocess.run(["sync", to], check=True)


def timed(work, clock=time.perf_counter):
    started = clock()
    work()
    return clock() - started


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def ms(times):
    return f"{statistics.median(times) * 1000:.1f} ms"


main()
