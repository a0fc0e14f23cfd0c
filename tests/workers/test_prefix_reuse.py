"""What one request computed and another one need not, seen from outside of a real worker."""

import asyncio

import pytest
from tests.workers.agreement import assert_agree

from llmaas.workers.protocol import Generate, Sampling, Started

pytestmark = pytest.mark.timeout(60)
GREEDY = Sampling(temperature=0)
SYSTEM = "You are a helpful assistant who answers briefly and to the point. " * 2


@pytest.fixture(params=[False, True], ids=["split", "unified"])
def memory(request):
    return {"kv_unified": request.param}


def test_the_next_turn_of_a_chat_goes_on_where_the_last_one_ended(
    tiny, worker, answer, run, memory
):
    async def story():
        async with worker(tiny.random, engine=memory) as connection:
            first = await answer(connection, prompt=SYSTEM + "Hello", max_tokens=8)
            return first, await answer(
                connection, prompt=SYSTEM + "Hello there, and more", max_tokens=8
            )

    first, second = run(story())
    assert first.finished.usage.cached_tokens == 0
    assert second.finished.usage.cached_tokens == len(SYSTEM + "Hello")


def test_a_repeated_prompt_is_computed_but_for_its_last_token(tiny, worker, answer, run, memory):
    async def story():
        async with worker(tiny.random, engine=memory) as connection:
            return [await answer(connection, prompt=SYSTEM, max_tokens=8) for _ in range(3)]

    first, second, third = run(story())
    assert [a.finished.usage.cached_tokens for a in (first, second, third)] == [
        0,
        len(SYSTEM) - 1,
        len(SYSTEM) - 1,
    ]
    assert first.content == second.content == third.content


def test_a_prefix_is_computed_once_by_requests_that_run_together(tiny, worker, answer, run, memory):
    async def story():
        async with worker(tiny.random, engine=memory) as connection:
            return await asyncio.gather(
                *[answer(connection, prompt=SYSTEM + str(i) * 9, max_tokens=8) for i in range(4)]
            )

    cached = [a.finished.usage.cached_tokens for a in run(story())]
    assert sorted(cached) == [0] + [len(SYSTEM)] * 3


def test_tenants_share_nothing(tiny, worker, answer, run, memory):
    async def story():
        async with worker(tiny.random, engine=memory) as connection:
            return [
                await answer(connection, prompt=SYSTEM, max_tokens=4, tenant=tenant)
                for tenant in ("one", "two", "one", "")
            ]

    cached = [a.finished.usage.cached_tokens for a in run(story())]
    assert cached == [0, 0, len(SYSTEM) - 1, 0]


def test_reused_prefixes_say_what_computed_ones_say(tiny, worker, answer, run, memory):
    prompts = [SYSTEM[: 40 + 13 * i] + "xyz"[i % 3] * i for i in range(12)]

    async def story():
        async with worker(tiny.random, engine=memory, n_seq_max=3) as connection:
            alone = [
                await answer(connection, prompt=p, max_tokens=12, tenant=str(i), top_logprobs=3)
                for i, p in enumerate(prompts)
            ]
            shared = await asyncio.gather(
                *[answer(connection, prompt=p, max_tokens=12, top_logprobs=3) for p in prompts]
            )
        return alone, shared

    alone, shared = run(story())
    same = [assert_agree(a.logprobs, b.logprobs) for a, b in zip(alone, shared, strict=True)]
    assert sum(same) >= len(same) / 2
    assert sum(a.finished.usage.cached_tokens for a in shared) > 200
    assert all(a.finished.usage.cached_tokens == 0 for a in alone)


def test_a_request_that_waits_for_a_prefix_goes_on_when_its_holder_is_given_up(
    tiny, worker, answer, run, memory
):
    async def story():
        async with worker(tiny.random, engine=memory) as connection:
            holder = connection.generate(Generate(0, prompt=SYSTEM + "a", sampling=GREEDY))
            waiting = asyncio.create_task(answer(connection, prompt=SYSTEM + "b", max_tokens=4))
            assert isinstance(await anext(holder), Started)
            await holder.aclose()
            return await waiting

    assert run(story()).finished.usage.completion_tokens == 4


def test_a_full_memory_makes_room_and_everyone_is_answered(tiny, worker, answer, run):
    """Four sequences of up to 250 tokens in 256 cells: the youngest wait, and go on."""
    prompts = [chr(97 + i) * (20 + 30 * i) for i in range(6)]

    async def story():
        async with worker(
            tiny.random, engine={"kv_unified": True, "kv_cells": 256}, n_ctx=250
        ) as connection:
            alone = [
                await answer(connection, prompt=p, max_tokens=70, tenant=str(i), top_logprobs=3)
                for i, p in enumerate(prompts)
            ]
            together = await asyncio.gather(
                *[answer(connection, prompt=p, max_tokens=70, top_logprobs=3) for p in prompts]
            )
        return alone, together

    alone, together = run(story())
    for one, other in zip(alone, together, strict=True):
        assert_agree(one.logprobs, other.logprobs)
    assert [a.finished.usage.completion_tokens for a in together] == [70] * 6


def test_idle_prefixes_give_way_to_running_requests(tiny, worker, answer, run):
    async def story():
        async with worker(
            tiny.random, engine={"kv_unified": True, "kv_cells": 256}, n_ctx=256
        ) as connection:
            for i in range(6):
                await answer(connection, prompt=chr(97 + i) * 100, max_tokens=20)
            recent = await answer(connection, prompt="f" * 100 + "?", max_tokens=4)
            old = await answer(connection, prompt="a" * 100 + "?", max_tokens=4)
        return recent.finished.usage.cached_tokens, old.finished.usage.cached_tokens

    assert run(story()) == (100, 0)


def chats(worker, answer, tiny, memory, *, number, turns, n_seq_max):
    """Chats that take turns; all answers, chat by chat."""

    async def story():
        async with worker(tiny.random, engine=memory, n_seq_max=n_seq_max) as connection:
            said = [[] for _ in range(number)]
            texts = [chr(97 + i) * 40 for i in range(number)]
            for turn in range(turns):
                for i in range(number):
                    given = await answer(
                        connection, prompt=texts[i], max_tokens=8, tenant=f"{i}", top_logprobs=3
                    )
                    said[i].append(given)
                    texts[i] += chr(65 + turn) * 20
        return said

    return story


def test_chats_go_on_where_they_ended_though_more_chat_than_sequences_fit(
    tiny, worker, answer, run, memory
):
    few = run(chats(worker, answer, tiny, memory, number=4, turns=3, n_seq_max=2)())
    many = run(chats(worker, answer, tiny, memory, number=4, turns=3, n_seq_max=4)())
    for shelved, resident in zip(few, many, strict=True):
        assert [a.finished.usage.cached_tokens for a in shelved] == [0, 40, 60]
        for one, other in zip(shelved, resident, strict=True):
            assert_agree(one.logprobs, other.logprobs)


def test_a_prefix_that_two_chats_share_is_still_there_when_one_took_it_from_the_shelf(
    tiny, worker, answer, run
):
    async def story():
        async with worker(tiny.random, n_ctx=512, n_seq_max=1) as connection:
            cached = []
            for end in ("a" * 20, "z", "a" * 20 + "b" * 20):
                given = await answer(connection, prompt=SYSTEM + end, max_tokens=1)
                await answer(connection, prompt="another", max_tokens=40)  # it takes the id
                cached.append(given.finished.usage.cached_tokens)
        return cached

    assert run(story()) == [0, len(SYSTEM), len(SYSTEM) + 20]
