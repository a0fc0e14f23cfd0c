"""The worker process: a connection, a model, an engine, and who waits for what.

reader      frames in; answers pings; ends the process when the connection ends
tokeniser   templates and tokens, so that no prompt holds up the decode loop
encoder     images to embeddings, so that none holds up a prompt of text; where a model sees
main        loads the model, then runs the engine

Each writes its own frames: an engine that waits for the gateway to read is what is wanted.
"""

import os
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from llmaas.workers.framing import FrameDecoder, FrameError, encode_frame
from llmaas.workers.loading import Request, Serving, load_model
from llmaas.workers.model import ModelError
from llmaas.workers.own_files import located, measured
from llmaas.workers.prompts import RefusedError
from llmaas.workers.protocol import (
    Cancel,
    Credit,
    Embed,
    Embedded,
    Failed,
    Generate,
    Load,
    LoadFailed,
    Measure,
    Ping,
    Pong,
    Spell,
    ToGateway,
    ToWorker,
    Transcribe,
)

_READ_BYTES = 256 * 1024
_LOAD_FAILED_STATUS = 1
_BROKEN_STATUS = 70


class Worker:
    """One model behind one connection.

    Args:
        connection: to the gateway.
        weights_dir: of this machine, where the gateway is on another one.
    """

    def __init__(self, connection: socket.socket, weights_dir: Path | None = None) -> None:
        self._connection = connection
        self._weights_dir = weights_dir
        self._loads: SimpleQueue[Load] = SimpleQueue()
        self._unprepared: SimpleQueue[Request | Spell] = SimpleQueue()
        self._sending = Lock()
        self._serving: Serving | None = None

    def run(self) -> None:
        """Serve until the connection ends, which ends the process."""
        _thread("reader", self._read)
        load = self._loads.get()
        try:
            serving = load_model(load, self._send)
        except ModelError as error:
            self._send([LoadFailed(str(error))])
            os._exit(_LOAD_FAILED_STATUS)
        self._serving = serving
        _thread("tokeniser", self._tokenise, serving)
        if serving.encoder is not None:
            _thread("encoder", serving.encoder.run)
        self._send([serving.ready])
        serving.engine.run()

    def _read(self) -> None:
        frames: FrameDecoder[ToWorker] = FrameDecoder(ToWorker)
        while True:
            try:
                chunk = self._connection.recv(_READ_BYTES)
            except OSError:
                chunk = b""
            if not chunk:
                # At once and without clean-up: the engine may be deep in a step, and the memory
                # is the system's to take back.
                os._exit(0)
            for message in frames.feed(chunk):
                self._receive(message)

    def _receive(self, message: ToWorker) -> None:
        serving = self._serving
        match message:
            case Load():
                own = self._weights_dir
                self._loads.put(message if own is None else located(message, own))
            case Measure(spec=spec):
                assert self._weights_dir is not None, "a gateway measures its own files"
                self._send([measured(spec, self._weights_dir)])
            case Cancel(stream=stream) if serving is not None:
                serving.requests.cancel(stream)
            case Credit(stream=stream, deltas=deltas) if serving is not None:
                serving.requests.grant(stream, deltas)
            case Generate() | Embed() | Transcribe() if serving is not None:
                owner = "" if isinstance(message, Embed) else message.owner
                if serving.requests.open(message.stream, owner):
                    self._unprepared.put(message)
                else:
                    self._send([_overloaded(message.stream, serving)])
            case Spell() if serving is not None:
                self._unprepared.put(message)
            case Generate() | Embed() | Transcribe() | Spell():
                failure = Failed(message.stream, "internal_error", "the model is still loading")
                self._send([failure])
            case Ping():
                age = None if serving is None else serving.engine.step_age_s
                self._send([Pong(age)])

    def _tokenise(self, serving: Serving) -> None:
        while True:
            request = self._unprepared.get()
            if isinstance(request, Spell):
                self._send([serving.spell(request)])
                continue
            try:
                prepared = serving.prepare(request)
            except RefusedError as refusal:
                serving.requests.close(request.stream)
                self._send([refusal.failure])
            except Exception:
                # One request must not end the others'.
                traceback.print_exc()
                serving.requests.close(request.stream)
                message = "the worker failed to read the request; its log says why"
                self._send([Failed(request.stream, "internal_error", message)])
            else:
                if serving.encoder is not None and prepared.images:
                    serving.encoder.put(prepared)
                else:
                    serving.requests.put(prepared)

    def _send(self, messages: list[ToGateway]) -> None:
        """Write frames, from any thread; waits while the gateway does not read."""
        frames = b"".join(_frame(message) for message in messages)
        with self._sending:
            try:
                self._connection.sendall(frames)
            except OSError:
                os._exit(0)  # as where the reader finds the connection ended


def _overloaded(stream: int, serving: Serving) -> Failed:
    text = f"{len(serving.requests)} requests are running and waiting already"
    return Failed(stream, "overloaded", text, retry_after_s=serving.engine.retry_after_s)


def _frame(message: ToGateway) -> bytes:
    try:
        return encode_frame(message)
    except FrameError as error:
        assert isinstance(message, Embedded), "only vectors can be so many"
        text = f"{error}; send fewer inputs in one request"
        return encode_frame(Failed(message.stream, "invalid_request", text))


def _thread(name: str, target: Callable[..., None], *arguments: object) -> None:
    """A thread whose failure is the process's: half a worker would answer nobody."""

    def run() -> None:
        try:
            target(*arguments)
        except BaseException:
            traceback.print_exc()
            os._exit(_BROKEN_STATUS)

    Thread(target=run, name=name, daemon=True).start()


def main(fd: int, weights_dir: Path | None) -> None:
    """Serve the connection inherited as file descriptor `fd`."""
    # Ctrl-C reaches the whole process group; the gateway decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(socket.socket(fileno=fd), weights_dir).run()
