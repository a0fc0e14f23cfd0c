"""The line in front of the projector: turns, room, cancellations, and what is kept for whom."""

import time
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from tests.workers.vision_weights import picture

from llmaas.workers.image_encoder import EmbeddingCache, ImageEncoder
from llmaas.workers.image_prompts import PromptImage
from llmaas.workers.layout import ImageSpan, Layout
from llmaas.workers.prompts import Prompt
from llmaas.workers.protocol import Failed, Finished, Sampling
from llmaas.workers.queueing import RequestQueue

PATIENCE_S = 20
CELLS = 4


class FakeProjector:
    """Looks at an image when it is let."""

    def __init__(self) -> None:
        self.let = Event()
        self.let.set()
        self.looked_at: list[tuple[int, ...]] = []

    def encode(self, pixels: Any) -> tuple[Any, ...]:
        assert self.let.wait(PATIENCE_S)
        self.looked_at.append(tuple(pixels[0, 0]))
        return (np.full((CELLS, 2), pixels[0, 0, 0], np.float32),)


class Bench:
    """An encoder that runs, with everything around it in the hands of a test."""

    def __init__(self, *, most_ahead: int = 9, cache_bytes: int = 10**6) -> None:
        self.projector = FakeProjector()
        self.requests: RequestQueue[Prompt] = RequestQueue(64)
        self.answers: list[Any] = []
        self.encoder = ImageEncoder(
            self.projector,  # type: ignore[arg-type]
            self.requests,
            self.answers.extend,
            most_ahead=most_ahead,
            cache_bytes=cache_bytes,
        )
        Thread(target=self.encoder.run, daemon=True).start()

    def ask(self, stream: int, *seeds: int, **fields: Any) -> None:
        assert self.requests.open(stream)
        images = tuple(
            PromptImage(picture(seed), f"image {seed}", str(seed).encode(), (CELLS,))
            for seed in seeds
        )
        spans = tuple(
            ImageSpan(i * CELLS, CELLS, i * CELLS, CELLS, True) for i in range(len(seeds))
        )
        prompt = Prompt(
            stream=stream,
            tokens=np.zeros(CELLS * len(seeds), np.int32),
            max_tokens=1,
            stop=(),
            sampling=Sampling(),
            markers=None,
            starts_in_reasoning=False,
            layout=Layout(spans),
            images=images,
        )
        self.encoder.put(replace(prompt, **fields))

    def taken(self, count: int) -> list[Prompt]:
        """The next prompts that the engine gets."""
        found: list[Prompt] = []
        until = time.monotonic() + PATIENCE_S
        while len(found) < count and time.monotonic() < until:
            found += self.requests.take(wait=True, timeout_s=0.1)
        assert len(found) == count
        return found

    def answered(self) -> Any:
        """The next answer that the encoder gives itself."""
        until = time.monotonic() + PATIENCE_S
        while not self.answers and time.monotonic() < until:
            time.sleep(0.005)
        return self.answers.pop(0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_embeddings_come_in_the_order_of_the_prompt(bench: Bench) -> None:
    bench.ask(1, 5, 6)
    (prompt,) = bench.taken(1)
    assert [each[0, 0] for each in prompt.embeddings] == [
        looked[0] for looked in bench.projector.looked_at
    ]
    assert prompt.images == (), "the files are not kept"


def test_what_a_tenant_sent_before_is_not_looked_at_again(bench: Bench) -> None:
    for stream, tenant in enumerate(["a", "a", "b"]):
        bench.ask(stream, 5, tenant=tenant)
    bench.taken(3)
    assert len(bench.projector.looked_at) == 2


def test_more_than_may_be_ahead_waits_until_one_has_ended() -> None:
    bench = Bench(most_ahead=2)
    for stream in range(3):
        bench.ask(stream, stream)
    bench.taken(2)
    assert bench.requests.take(wait=True, timeout_s=0.2) == []
    bench.requests.close(0)
    (third,) = bench.taken(1)
    assert third.stream == 2


def test_who_waits_for_room_and_is_cancelled_is_answered_at_once() -> None:
    bench = Bench(most_ahead=1)
    for stream in range(3):
        bench.ask(stream, stream)
    bench.taken(1)
    bench.requests.cancel(2)
    answer = bench.answered()
    assert isinstance(answer, Finished)
    assert (answer.stream, answer.reason) == (2, "cancelled")
    assert len(bench.projector.looked_at) == 1
    assert bench.requests.still_open([0, 1, 2]) == {0, 1}


def test_who_is_cancelled_while_looked_at_sees_no_further_image(bench: Bench) -> None:
    bench.projector.let.clear()
    bench.ask(1, 5, 6, 7)
    time.sleep(0.05)
    bench.requests.cancel(1)
    bench.projector.let.set()
    assert bench.answered().reason == "cancelled"
    assert len(bench.projector.looked_at) <= 1


def test_priority_goes_first(bench: Bench) -> None:
    bench.projector.let.clear()
    bench.ask(1, 1)
    time.sleep(0.05)  # it is being looked at
    bench.ask(2, 2, priority=5)
    bench.ask(3, 3, priority=0)
    bench.projector.let.set()
    assert [prompt.stream for prompt in bench.taken(3)] == [1, 3, 2]


def test_a_deadline_that_has_passed_ends_it(bench: Bench) -> None:
    bench.ask(1, 5, deadline_s=0.5, read_at=time.monotonic() - 1)
    answer = bench.answered()
    assert isinstance(answer, Failed)
    assert answer.code == "deadline_exceeded"
    assert bench.projector.looked_at == []


def test_a_cache_keeps_what_was_used_last() -> None:
    one = (np.zeros((10, 2), np.float32),)  # 80 bytes
    cache = EmbeddingCache(200)
    cache.put(("a", b"1"), one)
    cache.put(("a", b"2"), one)
    assert cache.get(("a", b"1")) is one
    cache.put(("a", b"3"), one)
    assert cache.get(("a", b"2")) is None
    assert cache.get(("a", b"1")) is one
    cache.put(("a", b"4"), (np.zeros((1000, 2), np.float32),))
    assert cache.get(("a", b"4")) is None, "it is too large, and drives nothing out"
    assert cache.get(("a", b"3")) is one
