"""A client for a language server over stdio: enough of the protocol to open a file and ask about it."""

import json
import subprocess
import threading
from pathlib import Path
from queue import Queue


class Editor:
    """Speaks to yaml-language-server as an editor does, with one schema for all YAML files, or with what files name."""

    def __init__(self, server: Path, schema: Path | None, folder: Path):
        self._process = subprocess.Popen(
            [str(server), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        schemas = {schema.as_uri(): "*.yaml"} if schema is not None else {}
        asked = {"schemas": schemas, "schemaStore": {"enable": False}, "validate": True, "completion": True, "hover": True}
        self._settings = {"yaml": asked}
        self._incoming = Queue()
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.request(
            "initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {"workspace": {"configuration": True}}}
        )
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})

    def open(self, path: Path) -> list[str]:
        """Open a file; the messages of the diagnostics that come for it."""
        return [found["message"] for found in self.underline(path)]

    def underline(self, path: Path) -> list[dict]:
        """Open a file; the diagnostics that come for it, each with its range."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                return message["params"]["diagnostics"]

    def complete(self, path: Path, line: int, character: int) -> set[str]:
        """The labels offered at a place."""
        answer = self.request(
            "textDocument/completion", {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
        )
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"] for item in items}

    def hover(self, path: Path, line: int, character: int) -> str:
        """What is shown about the word at a place."""
        answer = self.request(
            "textDocument/hover", {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
        )
        return answer["contents"]["value"] if answer else ""

    def request(self, method, params):
        """Ask and wait for the answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                return message.get("result")

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def _next(self):
        """The next message; the server's own questions are answered on the way."""
        while True:
            message = self._incoming.get(timeout=60)
            if "id" not in message or "method" not in message:
                return message
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            self._send({"id": message["id"], "result": [self._settings.get(item.get("section")) for item in asked] or None})

    def _send(self, message) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._incoming.put(json.loads(stream.read(length)))
