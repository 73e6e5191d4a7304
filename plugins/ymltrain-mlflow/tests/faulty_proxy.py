"""A proxy in front of a server, that serves it faithfully for a while and then goes wrong in one of three ways."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

BATCHES = "/api/2.0/mlflow/runs/log-batch"
HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "host")


class FaultyProxy(ThreadingHTTPServer):
    """Forwards requests to `server`; from the batch of values after `sound` of them on, every request fails.

    `fault`: `error` answers 500, `hang` never answers, `die` closes its door.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, server: str, fault: str, sound: int) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target = urlsplit(server).netloc
        self.fault = fault
        self._left = sound
        self.has_failed = threading.Event()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fails(self, path: str) -> bool:
        """Whether this request goes wrong."""
        if path.startswith(BATCHES):
            self._left -= 1
        if self._left < 0 and not self.has_failed.is_set():
            self.has_failed.set()
            if self.fault == "die":
                self.socket.close()
        return self.has_failed.is_set()

    def end(self) -> None:
        """Let hanging requests go, and close."""
        self.over.set()
        self.shutdown()
        self.server_close()


class _Forward(BaseHTTPRequestHandler):
    server: FaultyProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.fails(self.path):
            if self.server.fault == "hang":
                self.server.over.wait()
            elif self.server.fault == "error":
                self.send_error(500)
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - as http.server names them

    def log_message(self, *_: object) -> None:
        """Say nothing."""
