"""The thread that looks at images, so that nobody else's answer waits for it.

A prompt with images comes here from the tokeniser and goes on to the engine with embeddings in
their place. What was encoded is kept for a while: a chat sends its images again with every turn.
"""

import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from llmaas.workers.image_prompts import PromptImage
from llmaas.workers.images import ImageError, pixels_of
from llmaas.workers.projector import Embeddings, Projector, ProjectorError
from llmaas.workers.prompts import Prompt
from llmaas.workers.protocol import Failed, FailureCode, Finished, ToGateway, Usage
from llmaas.workers.queueing import RequestQueue

NICENESS = 10
"""Answers that run go before the next image."""


class ImageEncoder:
    """The queue in front of the projector.

    Args:
        projector: used by this thread only.
        requests: where prompts go on to the engine.
        emit: takes the answer of a prompt that comes to nothing.
        most_ahead: prompts that may be encoded and not answered yet; the next one waits, so that
            embeddings do not pile up in memory.
        cache_bytes: of embeddings that are kept.
    """

    def __init__(
        self,
        projector: Projector,
        requests: RequestQueue[Prompt],
        emit: Callable[[list[ToGateway]], None],
        *,
        most_ahead: int,
        cache_bytes: int,
    ) -> None:
        self._projector = projector
        self._requests = requests
        self._emit = emit
        self._most_ahead = most_ahead
        self._line: list[Prompt] = []
        self._ahead: set[int] = set()
        self._cache = EmbeddingCache(cache_bytes)

    def put(self, prompt: Prompt) -> None:
        """Take a prompt with images. Any thread."""
        with self._requests.changing():
            self._line.append(prompt)

    def run(self) -> None:
        """Serve until the process ends."""
        if sys.platform == "linux":  # where a thread has a priority of its own
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        while True:
            self._serve(self._requests.wait_for(self._next))

    def _next(self) -> Prompt | None:
        """One that nobody waits for any more, or the next one if there is room for it."""
        self._ahead = self._requests.still_open(self._ahead)
        line = range(len(self._line))
        gone = (i for i in line if self._requests.is_cancelled(self._line[i].stream))
        chosen = next(gone, None)
        if chosen is None and len(self._ahead) < self._most_ahead:
            chosen = min(line, key=lambda i: self._line[i].priority, default=None)
        return None if chosen is None else self._line.pop(chosen)

    def _serve(self, prompt: Prompt) -> None:
        requests = self._requests
        embeddings: list[Embeddings] = []
        for image in prompt.images:
            if requests.is_cancelled(prompt.stream):
                usage = Usage(prompt_tokens=len(prompt.tokens), completion_tokens=0)
                self._answer(Finished(prompt.stream, "cancelled", usage))
                return
            limit = prompt.deadline_s
            if limit is not None and time.monotonic() >= prompt.read_at + limit:
                text = f"not complete within the request's deadline of {limit:g} s"
                self._fail(prompt, "deadline_exceeded", text)
                return
            try:
                embeddings += self._embeddings(image, prompt.tenant)
            except ImageError as error:
                self._fail(prompt, "invalid_request", str(error), image.location)
                return
            except ProjectorError as error:
                self._fail(prompt, "internal_error", str(error))
                return
        self._ahead.add(prompt.stream)
        requests.put(replace(prompt, embeddings=tuple(embeddings), images=()))

    def _embeddings(self, image: PromptImage, tenant: str) -> tuple[Embeddings, ...]:
        # Of one tenant only, as prefixes are: how long it takes would tell what another one sent.
        known = self._cache.get((tenant, image.identity))
        if known is not None:
            return known
        made = self._projector.encode(pixels_of(image.data))
        if tuple(len(each) for each in made) != image.lengths:
            raise ProjectorError("an image has other parts than its size promised")
        self._cache.put((tenant, image.identity), made)
        return made

    def _fail(
        self, prompt: Prompt, code: FailureCode, message: str, location: str | None = None
    ) -> None:
        self._answer(Failed(prompt.stream, code, message, field=location))

    def _answer(self, answer: Finished | Failed) -> None:
        self._requests.close(answer.stream)
        self._emit([answer])


class EmbeddingCache:
    """Embeddings of images, least recently used first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = self._free_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, bytes], tuple[Embeddings, ...]] = OrderedDict()

    def get(self, key: tuple[str, bytes]) -> tuple[Embeddings, ...] | None:
        """What is kept of an image."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: tuple[str, bytes], embeddings: tuple[Embeddings, ...]) -> None:
        """Keep it if there is room for it at all; the oldest give way."""
        size = sum(each.nbytes for each in embeddings)
        if size > self._most_bytes:
            return
        self._kept[key] = embeddings
        self._free_bytes -= size
        while self._free_bytes < 0:
            _, gone = self._kept.popitem(last=False)
            self._free_bytes += sum(each.nbytes for each in gone)
