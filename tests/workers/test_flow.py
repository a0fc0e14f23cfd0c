"""Readers that are slow, give up or have a deadline; owners that share."""

import asyncio

import pytest

from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import WINDOW, Delta, Finished, Generate, Sampling, Spell, Started

pytestmark = pytest.mark.timeout(60)
GREEDY = Sampling(temperature=0)
ENDLESS = {"n_ctx": 512, "n_seq_max": 2}


def test_a_slow_reader_is_waited_for_and_nobody_else_waits(tiny, worker, answer, run):
    """One stream is read to its window and no further; the other one goes on to its end."""

    async def story():
        async with worker(tiny.recital([*b"ab"]), **ENDLESS) as connection:
            slow = connection.generate(Generate(0, prompt="a", sampling=GREEDY))
            await anext(slow)
            other = [await answer(connection, prompt="a", max_tokens=500) for _ in range(2)]
            unread = slow._mailbox.qsize()
            rest = [message async for message in slow]
        return other, unread, rest

    other, unread, rest = run(story())
    assert [a.finished.usage.completion_tokens for a in other] == [500, 500]
    assert unread == WINDOW
    assert rest[-1].usage.completion_tokens == 511
    assert sum(isinstance(message, Delta) for message in rest) == 511


def test_every_delta_tells_what_was_used_so_far(tiny, worker, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            stream = connection.generate(Generate(0, prompt="a", sampling=GREEDY))
            return [(message, stream.usage) async for message in stream]

    seen = run(story())
    for message, usage in seen:
        if isinstance(message, Delta):
            assert usage.completion_tokens == message.completion_tokens
    assert seen[0][1].prompt_tokens == 1
    assert seen[-1][0].usage == seen[-1][1]


def test_what_a_closed_generation_used_is_told(tiny, worker, run):
    async def story():
        async with worker(tiny.random, **ENDLESS) as connection:
            stream = connection.generate(Generate(0, prompt="abc", sampling=GREEDY))
            async for message in stream:
                if isinstance(message, Delta) and message.completion_tokens >= 5:
                    break
            await stream.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
            settled = await stream.settled()
            return settled, await stream.settled(), len(connection._mailboxes)

    settled, again, open_streams = run(story())
    assert settled.prompt_tokens == 3
    assert 5 <= settled.completion_tokens < 509
    assert settled == again
    assert open_streams == 0


def test_what_was_never_sent_used_nothing(tiny, worker, run):
    async def story():
        async with worker(tiny.random) as connection:
            stream = connection.generate(Generate(0, prompt="abc", sampling=GREEDY))
            await stream.aclose()
            return await stream.settled()

    assert run(story()).prompt_tokens == 0


def test_a_worker_that_ends_leaves_the_counts_as_last_known(tiny, worker, run):
    async def story():
        async with worker(tiny.random, **ENDLESS) as connection:
            stream = connection.generate(Generate(0, prompt="abc", sampling=GREEDY))
            async for message in stream:
                if isinstance(message, Delta) and message.completion_tokens == 5:
                    break
            connection.close()
            with pytest.raises(GenerationFailed):
                [message async for message in stream]
            return await stream.settled()

    assert run(story()).completion_tokens >= 5


def test_a_deadline_ends_a_running_answer_and_tells_what_it_used(tiny, worker, run):
    async def story():
        async with worker(tiny.recital([*b"ab"]), **ENDLESS) as connection:
            request = Generate(0, prompt="a", sampling=GREEDY, deadline_s=0.2)
            stream = connection.generate(request)
            await anext(stream)
            await asyncio.sleep(0.4)  # nobody reads: it is paused when its deadline comes
            with pytest.raises(GenerationFailed) as caught:
                async for _ in stream:
                    pass
            return caught.value.failure

    failure = run(story())
    assert failure.code == "deadline_exceeded"
    assert failure.usage.completion_tokens == WINDOW


def test_a_deadline_ends_a_request_that_still_waits(tiny, worker, run):
    async def story():
        async with worker(tiny.recital([*b"ab"]), n_ctx=512, n_seq_max=1) as connection:
            running = connection.generate(Generate(0, prompt="a", sampling=GREEDY))
            await anext(running)
            waiting = connection.generate(Generate(0, prompt="a", deadline_s=0.05))
            with pytest.raises(GenerationFailed) as caught:
                await anext(waiting)
            await running.aclose()
            return caught.value.failure

    failure = run(story())
    assert (failure.code, failure.usage.completion_tokens) == ("deadline_exceeded", 0)


def test_a_burst_of_one_key_does_not_starve_another(tiny, worker, run):
    async def story():
        async with worker(tiny.recital([*b"ab"]), n_ctx=1024, n_seq_max=2) as connection:
            started = []

            async def ask(owner):
                request = Generate(0, prompt="a", max_tokens=5, sampling=GREEDY, owner=owner)
                stream = connection.generate(request)
                assert isinstance(await anext(stream), Started)
                started.append(owner)
                assert [message async for message in stream]

            # Nobody reads these on, so they keep both sequences until all others stand in line.
            holders = [connection.generate(Generate(0, prompt="a", owner="busy")) for _ in "12"]
            for holder in holders:
                await anext(holder)
            burst = [asyncio.create_task(ask("busy")) for _ in range(30)]
            quiet = asyncio.create_task(ask("quiet"))
            await asyncio.sleep(0)
            await connection.spell(Spell(0, [[*b"a"]]))  # answered when all before it were read
            for holder in holders:
                await holder.aclose()
            await asyncio.gather(*burst, quiet)
        return started

    started = run(story())
    assert started.index("quiet") <= 1


def test_one_key_cannot_take_every_place(tiny, worker, run):
    async def story():
        async with worker(tiny.random, n_ctx=64, n_seq_max=2) as connection:

            async def ask(owner):
                request = Generate(0, prompt="a", max_tokens=20, sampling=GREEDY, owner=owner)
                return [message async for message in connection.generate(request)][-1]

            burst = [asyncio.create_task(ask("busy")) for _ in range(80)]
            await asyncio.sleep(0)
            quiet = await ask("quiet")
            return quiet, await asyncio.gather(*burst, return_exceptions=True)

    quiet, burst = run(story())
    assert isinstance(quiet, Finished)
    refused = [result.failure for result in burst if isinstance(result, GenerationFailed)]
    assert refused
    assert {failure.code for failure in refused} == {"overloaded"}
    assert all(1 <= failure.retry_after_s <= 60 for failure in refused)
