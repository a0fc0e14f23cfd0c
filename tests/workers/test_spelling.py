"""Token ids back to text, with the model's own vocabulary, so that they can be screened."""

import asyncio

import pytest

from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import Spell

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("kind", ["generation", "embedding"])
def test_token_ids_are_spelled_with_their_control_tokens(tiny, worker, run, kind):
    pooling = {"pooling": "mean"} if kind == "embedding" else {}

    async def story():
        async with worker(tiny.random, kind=kind, **pooling) as connection:
            inputs = [list("été".encode()), [*b"a", tiny.end, *b"b"], [*b"c", 10**6]]
            return (await connection.spell(Spell(0, inputs))).texts

    assert run(story()) == ["été", "a<|end|>b", "c"]


def test_spelling_does_not_take_the_place_of_a_generation(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abc"), n_seq_max=1) as connection:
            many = [connection.spell(Spell(0, [[97]])) for _ in range(200)]
            spelled, said = await asyncio.gather(
                asyncio.gather(*many), answer(connection, prompt="a", max_tokens=3)
            )
            return [each.texts for each in spelled], said.content

    assert run(story()) == ([["a"]] * 200, "bc")


def test_a_worker_that_ended_spells_nothing_and_says_so(tiny, worker, run):
    async def story():
        async with worker(tiny.random) as connection:
            connection.close()
            await connection.lost.wait()
            with pytest.raises(GenerationFailed, match="ended"):
                await connection.spell(Spell(0, [[97]]))

    run(story())
