"""S3 servers on loopback: two that honour `If-None-Match`, one that ignores it, and a proxy in front that loses answers."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ROOT / ".cache" / "s3-servers"
BUCKET = "registry"
ACCESS = {"key": "tester", "secret": "testing-only"}


def installed_servers() -> Path:
    """The folder of the servers' commands; they are installed in an environment of their own the first time."""
    marker = SERVERS / "installed"
    if not marker.is_file():
        subprocess.run([sys.executable, "-m", "venv", SERVERS], check=True)
        asked = ["-r", str(Path(__file__).with_name("s3-servers.txt"))]
        subprocess.run(
            [SERVERS / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *asked], check=True
        )
        marker.touch()
    return SERVERS / "bin"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(command: list[str], port: int) -> Iterator[str]:
    """The endpoint of a server process, once it answers; it is killed at the end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for_answer(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """Moto's server."""
    port = free_port()
    with process([str(installed_servers() / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], port) as endpoint:
        yield endpoint


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """SeaweedFS, whole, in one process."""
    port, master, volume, filer = free_port(), free_port(), free_port(), free_port()
    config = folder / "s3.json"
    actions = '["Admin", "Read", "Write", "List", "Tagging"]'
    keys = f'[{{"accessKey": "{ACCESS["key"]}", "secretKey": "{ACCESS["secret"]}"}}]'
    config.write_text(f'{{"identities": [{{"name": "tester", "credentials": {keys}, "actions": {actions}}}]}}')
    command = [
        *(str(installed_servers() / "weed"), "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-s3.port={port}", f"-s3.config={config}", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"),
        *(f"-master.port.grpc={free_port()}", f"-volume.port.grpc={free_port()}", f"-filer.port.grpc={free_port()}"),
        *(f"-s3.port.grpc={free_port()}", "-volume.max=20", "-master.volumeSizeLimitMB=64"),
    ]
    with process(command, port) as endpoint:
        yield endpoint


def _wait_for_answer(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended by itself"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/")
            if connection.getresponse().status < 500:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not answer within a minute")


@contextlib.contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The endpoint of a server in this process."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class Quiet(BaseHTTPRequestHandler):
    """HTTP/1.1 without a line of log for each request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.command != "HEAD" or "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def ignoring_server() -> type[Quiet]:
    """As much of S3 as a registry takes, by a server that reads no condition."""
    objects: dict[str, bytes] = {}

    class Ignoring(Quiet):
        def do_PUT(self) -> None:
            objects[unquote(urlsplit(self.path).path)] = self.body()
            self.answer(200, headers={"ETag": '"x"'})

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            query = parse_qs(urlsplit(self.path).query)
            if "list-type" in query:
                self.answer(200, _listing(objects, path.strip("/"), query))
            elif path in objects:
                headers = {"ETag": '"x"', "Last-Modified": formatdate(usegmt=True), "Content-Length": str(len(objects[path]))}
                content = objects[path]
                self.answer(
                    200, content, headers if self.command == "HEAD" else {name: headers[name] for name in ("ETag", "Last-Modified")}
                )
            else:
                self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

        do_HEAD = do_GET  # noqa: N815 - as http.server asks

        def do_DELETE(self) -> None:
            objects.pop(unquote(urlsplit(self.path).path), None)
            self.answer(204)

    return Ignoring


def _listing(objects: dict[str, bytes], bucket: str, query: dict[str, list[str]]) -> bytes:
    prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
    keys = sorted(path.removeprefix(f"/{bucket}/") for path in objects if path.startswith(f"/{bucket}/{prefix}"))
    folders = sorted({prefix + key.removeprefix(prefix).partition("/")[0] + "/" for key in keys if "/" in key.removeprefix(prefix)})
    names = folders if delimiter else []
    contents = [key for key in keys if not delimiter or "/" not in key.removeprefix(prefix)]
    inside = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in contents)
    common = "".join(f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in names)
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{inside}{common}</ListBucketResult>".encode()


@dataclass
class Faults:
    """What happens to the next puts of events, in order; `happened` counts them."""

    planned: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def next(self, command: str, path: str) -> str:
        with self.lock:
            if command != "PUT" or "/log/" not in path or not self.planned:
                return "none"
            self.happened.append(self.planned.pop(0))
            return self.happened[-1]


def faulty_proxy(endpoint: str, faults: Faults) -> type[Quiet]:
    """A proxy before a server. A put may be lost before it arrives, or its answer after; or get another answer."""
    host, port = urlsplit(endpoint).hostname, urlsplit(endpoint).port

    class Proxy(Quiet):
        def forward(self) -> None:
            body = self.body()
            fault = faults.next(self.command, self.path)
            if fault == "lost before":
                self.close_connection = True
                return
            if fault in ("409", "500", "503"):
                codes = {"409": "ConditionalRequestConflict", "500": "InternalError", "503": "SlowDown"}
                self.answer(int(fault), f"<Error><Code>{codes[fault]}</Code><Message>injected</Message></Error>".encode())
                return
            connection = http.client.HTTPConnection(str(host), port, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if fault == "answer lost":
                self.close_connection = True
            elif fault == "500 after":
                self.answer(500, b"<Error><Code>InternalError</Code><Message>injected</Message></Error>")
            elif fault == "412 after":
                self.answer(412, b"<Error><Code>PreconditionFailed</Code><Condition>If-None-Match</Condition></Error>")
            elif fault == "timeout":
                time.sleep(4)
                self.close_connection = True
            else:
                kept = {
                    name: value
                    for name, value in answer.getheaders()
                    if name.lower() not in ("transfer-encoding", "connection", "server", "date")
                }
                if self.command != "HEAD":
                    kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
                self.answer(answer.status, content, kept)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = forward  # noqa: N815 - as http.server asks

    return Proxy
