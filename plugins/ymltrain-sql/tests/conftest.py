"""A real PostgreSQL server on loopback, for as long as it is needed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "s3cret-of-the-test"


def programs() -> Path:
    """The folder of PostgreSQL's programs; as root, Debian's package is installed where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "postgresql"], check=True, capture_output=True)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent


@contextmanager
def running_server() -> Iterator[int]:
    """A server with one user `reader`, who has a password, and the empty database `postgres`; gives its port.

    Its folder is not one of pytest's, which are for their owner alone: as root, the server runs as user postgres.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    initdb = programs() / "initdb"
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it refuses to be root
    folder = Path(tempfile.mkdtemp(prefix="ymltrain-postgresql-"))
    (folder / "password").write_text(PASSWORD)
    if account is not None:
        for path in (folder, folder / "password"):
            os.chown(path, account.pw_uid, account.pw_gid)
    as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account is not None else {}

    def run(program: str, *arguments: str) -> None:
        command = [str(initdb.with_name(program)), *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=120, **as_user)

    data = str(folder / "data")
    run(
        "initdb", "-D", data, "-U", "reader", "-A", "scram-sha-256", "--pwfile", str(folder / "password"), "-E", "UTF8", "--no-sync"
    )
    options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
    try:
        yield port
    finally:
        run("pg_ctl", "stop", "-D", data, "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The URL, with its password, of a running server."""
    with running_server() as port:
        yield f"postgresql+psycopg://reader:{PASSWORD}@127.0.0.1:{port}/postgres"
