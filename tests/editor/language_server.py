"""A client of the YAML language server: what an editor does, with a file that is open."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

VARIABLE = "LLMAAS_TEST_YAML_LANGUAGE_SERVER"
REPOSITORY = Path(__file__).parents[2]
ANSWER_WITHIN_S = 30


def find_server() -> str | None:
    """The command: named by a variable, installed, or beside this project."""
    beside = REPOSITORY / "node_modules" / ".bin" / "yaml-language-server"
    named = os.environ.get(VARIABLE)
    return (
        named or shutil.which("yaml-language-server") or (str(beside) if beside.exists() else None)
    )


class LanguageServer:
    """Speaks the Language Server Protocol over the pipes of a process."""

    def __init__(self, command: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
        )
        self._received: Queue[dict[str, Any]] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._number = 0
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder.as_uri(),
                "capabilities": {
                    "workspace": {"configuration": True},
                    "textDocument": {
                        "hover": {"contentFormat": ["markdown"]},
                        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                    },
                },
            },
        )
        self.notify("initialized", {})

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Show a file, and wait for what the server has to say about it."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._next()
            params = message.get("params", {})
            told = message.get("method") == "textDocument/publishDiagnostics"
            if told and params["uri"] == uri:
                found: list[dict[str, Any]] = params["diagnostics"]
                return found

    def hover(self, path: Path, line: int, column: int) -> str:
        """The text that is shown over a place, counted from 0."""
        answer = self._at("hover", path, line, column)
        return str(answer["contents"]["value"]) if answer else ""

    def completions(self, path: Path, line: int, column: int) -> dict[str, str]:
        """What is offered at a place: words with their documentation."""
        answer = self._at("completion", path, line, column)
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: str(item.get("documentation", "")) for item in items}

    def _at(self, what: str, path: Path, line: int, column: int) -> Any:
        place = {
            "textDocument": {"uri": path.as_uri()},
            "position": {"line": line, "character": column},
        }
        return self.request(f"textDocument/{what}", place)

    def request(self, method: str, params: Any) -> Any:
        """Ask, and wait for the answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def stop(self) -> None:
        """End the process."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait(20)
        self._reader.join(20)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _next(self) -> dict[str, Any]:
        """The next message that is not a question to the editor."""
        while True:
            message = self._received.get(timeout=ANSWER_WITHIN_S)
            if "method" in message and "id" in message:
                asked = message["params"].get("items", []) if message.get("params") else []
                self._send({"id": message["id"], "result": [self._settings(one) for one in asked]})
                continue
            return message

    @staticmethod
    def _settings(item: dict[str, Any]) -> Any:
        """Those of a new installation, but nothing is fetched from the network."""
        if item.get("section") == "yaml":
            return {
                "validate": True,
                "hover": True,
                "completion": True,
                "schemaStore": {"enable": False},
            }
        return {}

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.decode().partition(":")
                length = int(value) if name.casefold() == "content-length" else length
                header = stream.readline()
            self._received.put(json.loads(stream.read(length)))
