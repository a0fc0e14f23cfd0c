"""A mail server and a webhook receiver on this machine, which keep what they are given."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Post:
    """A mail server that takes what `refuse` does not name."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str = ""
    silent: bool = False
    """Takes a mail and closes without a word."""
    reached: Event = field(default_factory=Event)
    hold: Event | None = None
    """Where set, no answer to a mail is given before."""
    url: str = ""


@dataclass
class Hook:
    """A receiver that answers with `status`."""

    bodies: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    status: int = 200
    url: str = ""


@contextmanager
def mail_receiver() -> Iterator[Post]:
    post = Post()

    class Session(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            for line in self.rfile:
                verb = line.decode().strip().partition(" ")[0].upper()
                if verb == "RCPT" and post.refuse and post.refuse.encode() in line:
                    self.say("550 no such person")
                elif verb == "DATA":
                    self.say("354 go on")
                    if not self.take():
                        return
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def take(self) -> bool:
            lines = []
            for line in self.rfile:
                if line == b".\r\n":
                    break
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            parsed = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            post.mails.append(parsed)
            post.reached.set()
            if post.hold is not None:
                post.hold.wait(60)
            if post.silent:
                return False
            self.say("250 taken")
            return True

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with _running(Server(("127.0.0.1", 0), Session)) as port:
        post.url = f"smtp://127.0.0.1:{port}"
        yield post


@contextmanager
def hook_receiver() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook.bodies.append((body, {name.lower(): each for name, each in self.headers.items()}))
            self.send_response(hook.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        hook.url = f"http://127.0.0.1:{port}/notices"
        yield hook


@contextmanager
def _running(server: Any) -> Iterator[int]:
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
