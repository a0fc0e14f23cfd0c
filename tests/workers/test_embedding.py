import asyncio

import numpy as np
import pytest

from llmaas.workers.failures import GenerationFailed, LoadError
from llmaas.workers.protocol import Embed, Generate

pytestmark = pytest.mark.timeout(60)
TEXTS = ["one", "another text", "été", "x" * 60]


def matrix(embedded):
    return np.frombuffer(embedded.vectors, "<f4").reshape(-1, embedded.dimensions)


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_vectors_are_normalised_and_the_same_in_a_batch_as_alone(tiny, worker, run, pooling):
    async def story():
        async with worker(
            tiny.random, kind="embedding", pooling=pooling, n_ctx=80, n_seq_max=3
        ) as connection:
            alone = [await connection.embed(Embed(0, [text])) for text in TEXTS]
            return alone, await connection.embed(Embed(0, list(TEXTS)))

    alone, together = run(story())
    vectors = matrix(together)
    assert vectors.shape == (4, tiny.n_embd)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    for row, single in zip(vectors, alone, strict=True):
        assert row == pytest.approx(matrix(single)[0], abs=2e-3)
    assert together.prompt_tokens == sum(single.prompt_tokens for single in alone)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert (distances + np.eye(4) > 0.1).all() or pooling == "cls"  # cls: causal, one first token


def test_requests_at_once_share_batches_and_get_their_own_vectors(tiny, worker, run):
    async def story():
        async with worker(tiny.random, kind="embedding", pooling="mean") as connection:
            return await asyncio.gather(
                *[connection.embed(Embed(0, [TEXTS[i % 4], TEXTS[0]])) for i in range(8)]
            )

    for index, embedded in enumerate(results := run(story())):
        assert matrix(embedded)[0] == pytest.approx(matrix(results[index % 4])[0], abs=2e-3)
        assert matrix(embedded)[1] == pytest.approx(matrix(results[0])[0], abs=2e-3)


def test_token_ids_are_taken_as_they_are(tiny, worker, run):
    async def story():
        async with worker(tiny.random, kind="embedding", pooling="mean") as connection:
            return await connection.embed(Embed(0, ["abc", list(b"abc")]))

    text, ids = matrix(run(story()))
    assert ids == pytest.approx(text, abs=2e-3)


@pytest.mark.parametrize(
    ("inputs", "refusal"),
    [
        (["ok", "x" * 81], ("context_length_exceeded", "input 1 has 81 tokens")),
        ([""], ("invalid_request", "input 0: is empty")),
        ([], ("invalid_request", "nothing to embed")),
        ([[5, 999]], ("invalid_request", "token 999")),
    ],
)
def test_inputs_that_cannot_be_embedded_are_refused(tiny, worker, run, inputs, refusal):
    async def story():
        async with worker(tiny.random, kind="embedding", pooling="mean", n_ctx=80) as connection:
            with pytest.raises(GenerationFailed) as caught:
                await connection.embed(Embed(0, inputs))
            return caught.value.failure

    failure, (code, words) = run(story()), refusal
    assert failure.code == code
    assert words in failure.message


def test_an_embedding_model_does_not_generate(tiny, worker, run):
    async def story():
        async with worker(tiny.random, kind="embedding", pooling="mean") as connection:
            with pytest.raises(GenerationFailed) as caught:
                await anext(connection.generate(Generate(0, prompt="a")))
            return caught.value.failure

    assert run(story()).code == "unsupported"


def test_dimensions_other_than_the_catalogues_are_a_load_failure(tiny, worker, run):
    async def story():
        with pytest.raises(LoadError, match="64 dimensions, the catalogue says 768"):
            async with worker(
                tiny.random, kind="embedding", pooling="mean", embedding_dimensions=768
            ):
                pass

    run(story())
