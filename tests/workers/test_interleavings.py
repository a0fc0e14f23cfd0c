"""Any interleaving of joins, leaves and shared prefixes says what each says alone."""

import asyncio
import random

import pytest
from tests.workers.agreement import assert_agree

from llmaas.workers.protocol import Delta, Finished, Generate, Sampling

GREEDY = Sampling(temperature=0)
STEM = "the quick brown fox jumps over the lazy dog and then it sleeps " * 3


def prompts(chance):
    """Some alike, some not; of all lengths a step can meet."""
    for _ in range(10):
        stem = STEM[: chance.randrange(len(STEM))] if chance.random() < 0.7 else ""
        yield stem + chr(chance.randrange(97, 123)) * chance.randrange(1, 50)


async def said(connection, prompt, max_tokens, tenant):
    logprobs = []
    request = Generate(
        0, prompt=prompt, max_tokens=max_tokens, sampling=GREEDY, tenant=tenant, top_logprobs=3
    )
    async for message in connection.generate(request):
        if isinstance(message, Delta):
            logprobs += message.logprobs
        elif isinstance(message, Finished):
            assert message.usage.completion_tokens == max_tokens
    return logprobs


async def given_up(connection, prompt, after):
    stream = connection.generate(Generate(0, prompt=prompt, sampling=GREEDY))
    for _ in range(after):
        if await anext(stream, None) is None:
            break
    await stream.aclose()
    return await stream.settled()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "memory",
    [
        {"kv_unified": False},
        {"kv_unified": True},
        {"kv_unified": True, "kv_cells": 512},
    ],
    ids=["split", "unified", "crowded"],
)
def test_interleavings_change_nothing_but_ties(tiny, worker, run, memory, seed):
    chance = random.Random(seed)
    texts = list(prompts(chance))
    lengths = [chance.randrange(4, 24) for _ in texts]

    async def story():
        async with worker(tiny.random, n_ctx=300, n_seq_max=4, engine=memory) as connection:
            alone = [
                await said(connection, text, length, f"alone {i}")
                for i, (text, length) in enumerate(zip(texts, lengths, strict=True))
            ]

            async def stay(index):
                await asyncio.sleep(chance.random() * 0.05)
                return index, await said(connection, texts[index], lengths[index], "together")

            async def leave():
                await asyncio.sleep(chance.random() * 0.05)
                return await given_up(connection, chance.choice(texts), chance.randrange(5))

            stays = [stay(i % len(texts)) for i in range(3 * len(texts))]
            leaves = [leave() for _ in range(len(texts))]
            results = await asyncio.gather(*stays, *leaves)
        return alone, results[: len(stays)]

    alone, together = run(story())
    same = [assert_agree(alone[index], logprobs) for index, logprobs in together]
    assert sum(same) > 0.7 * len(same)
