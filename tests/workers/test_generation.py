import asyncio
import random

import pytest

from llmaas.bundle import ReasoningFormat
from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import (
    Embed,
    Finished,
    Generate,
    Sampling,
    Started,
    Usage,
)

pytestmark = pytest.mark.timeout(60)
GREEDY = Sampling(temperature=0)


async def failure_of(connection, **request):
    with pytest.raises(GenerationFailed) as caught:
        async for _ in connection.generate(Generate(0, **request)):
            pass
    return caught.value.failure


def test_tokens_stream_and_the_end_token_ends_them(tiny, worker, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            return [m async for m in connection.generate(Generate(0, prompt="ab", sampling=GREEDY))]

    messages = run(story())
    assert isinstance(messages[0], Started)
    assert [m.content for m in messages[1:-1]] == ["c", "d", "e", "f"]
    assert messages[-1].reason == "stop"
    assert messages[-1].usage == Usage(prompt_tokens=2, completion_tokens=5)


def test_a_request_joins_while_another_is_answered_and_may_leave_before_it(tiny, worker, run):
    async def story():
        ended = []

        async def read(connection, prompt, max_tokens):
            request = Generate(0, prompt=prompt, max_tokens=max_tokens, sampling=GREEDY)
            async for message in connection.generate(request):
                if isinstance(message, Started):
                    started.set()
                elif isinstance(message, Finished):
                    ended.append(prompt)

        async with worker(tiny.random, n_ctx=512) as connection:
            started = asyncio.Event()
            long = asyncio.create_task(read(connection, "long", 500))
            await started.wait()
            await asyncio.gather(long, read(connection, "short", 5))
        return ended

    assert run(story()) == ["short", "long"]


def test_more_requests_than_sequences_are_all_answered(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abcdef"), n_seq_max=2) as connection:
            return await asyncio.gather(*[answer(connection, prompt="a") for _ in range(7)])

    assert [a.content for a in run(story())] == ["bcdef"] * 7


def test_batched_greedy_says_what_it_says_alone(tiny, worker, answer, run):
    """Batch shapes may round differently; these weights' best tokens are far from a tie."""
    prompts = ["once", "upon a time", "x" * 300, "été"]

    async def story():
        async with worker(tiny.random, n_ctx=400) as connection:
            alone = [await answer(connection, prompt=p, max_tokens=24) for p in prompts]
            together = await asyncio.gather(
                *[answer(connection, prompt=p, max_tokens=24) for p in prompts]
            )
        return [a.content for a in alone], [a.content for a in together]

    alone, together = run(story())
    assert together == alone
    assert len(set(alone)) == len(prompts)


def test_a_sequence_leaves_nothing_behind_for_the_next(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_seq_max=1) as connection:
            return [
                (await answer(connection, prompt=p, max_tokens=16)).content
                for p in ("first", "other text", "first")
            ]

    first, _, again = run(story())
    assert again == first


def test_max_tokens_ends_with_length(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            return await answer(connection, prompt="a", max_tokens=3)

    got = run(story())
    assert (got.content, got.finished.reason) == ("bcd", "length")


def test_an_answer_ends_with_length_where_the_context_ends(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_ctx=20) as connection:
            return await answer(connection, prompt="x" * 12)

    got = run(story())
    assert got.finished.reason == "length"
    assert got.finished.usage == Usage(prompt_tokens=12, completion_tokens=8)


@pytest.mark.parametrize("length", [20, 31])
def test_a_prompt_that_leaves_no_room_is_refused_with_both_numbers(tiny, worker, run, length):
    async def story():
        async with worker(tiny.random, n_ctx=20) as connection:
            return await failure_of(connection, prompt="x" * length)

    failure = run(story())
    assert failure.code == "context_length_exceeded"
    assert (failure.prompt_tokens, failure.n_ctx) == (length, 20)


def test_every_sequence_has_the_whole_context(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_ctx=300, n_seq_max=4) as connection:
            return await asyncio.gather(
                *[answer(connection, prompt="x" * 290, max_tokens=10) for _ in range(4)]
            )

    assert [a.finished.usage.completion_tokens for a in run(story())] == [10] * 4


def test_a_stop_string_across_tokens_ends_the_answer_before_it(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            return await answer(connection, prompt="a", stop=["zzz", "de"])

    got = run(story())
    assert (got.content, got.finished.reason) == ("bc", "stop")
    assert all("d" not in delta.content for delta in got.deltas)


def test_characters_of_several_tokens_arrive_whole(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("aé€b")) as connection:
            return await answer(connection, prompt="a")

    assert [delta.content for delta in run(story()).deltas] == ["é", "€", "b"]


def test_reasoning_is_told_apart_and_counted(tiny, worker, answer, run):
    tokens = [*b"a", tiny.think, *b"hm", tiny.end_think, *b"yes", tiny.end]
    markers = ReasoningFormat(open="<think>", close="</think>", mode="always")

    async def story():
        async with worker(tiny.recital(tokens), reasoning=markers) as connection:
            return await answer(connection, prompt="a")

    got = run(story())
    assert (got.reasoning, got.content) == ("hm", "yes")
    assert got.finished.usage == Usage(prompt_tokens=1, completion_tokens=8, reasoning_tokens=4)


def test_a_template_that_opens_the_thought_begins_in_reasoning(tiny, worker, answer, run):
    tokens = [*b"\nhm", tiny.end_think, *b"yes", tiny.end]
    markers = ReasoningFormat(open="<think>", close="</think>", mode="always")

    async def story():
        async with worker(tiny.recital(tokens), reasoning=markers) as connection:
            return await answer(connection, messages=[{"role": "user", "content": "why /think"}])

    got = run(story())
    assert (got.reasoning, got.content) == ("hm", "yes")
    assert got.finished.usage.reasoning_tokens == 3


def test_a_seed_repeats_a_sampled_answer_and_another_gives_another(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random) as connection:
            return [
                (
                    await answer(
                        connection,
                        prompt="a",
                        max_tokens=30,
                        sampling=Sampling(temperature=1.5, top_p=0.95, min_p=0.01, seed=seed),
                    )
                ).content
                for seed in (1, 1, 2)
            ]

    one, again, other = run(story())
    assert one == again
    assert one != other


def test_a_biased_token_is_always_or_never_said(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            forced = Sampling(temperature=0, logit_bias={ord("Z"): 1e4})
            banned = Sampling(temperature=0, logit_bias={ord("b"): -1e4})
            return [
                (await answer(connection, prompt="a", max_tokens=2, sampling=sampling)).content
                for sampling in (forced, banned)
            ]

    forced, banned = run(story())
    assert forced == "ZZ"
    assert not banned.startswith("b")


def test_penalties_break_a_loop(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital([*b"ab"])) as connection:
            plain = await answer(connection, prompt="a", max_tokens=6)
            penalty = Sampling(temperature=0, presence_penalty=1000.0)
            other = await answer(connection, prompt="a", max_tokens=6, sampling=penalty)
        return plain.content, other.content

    plain, other = run(story())
    assert plain == "bbbbbb"
    assert other != plain


def test_closing_the_generator_frees_the_sequence_for_the_next(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_seq_max=1, n_ctx=512) as connection:
            stream = connection.generate(Generate(0, prompt="a", sampling=GREEDY))
            await anext(stream)
            await anext(stream)
            await stream.aclose()
            got = await answer(connection, prompt="b", max_tokens=5)
            connection.ping()
            return got

    assert run(story()).finished.usage.completion_tokens == 5


def test_a_cancelled_task_cancels_its_waiting_request(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_seq_max=1) as connection:
            running = asyncio.create_task(answer(connection, prompt="a"))
            waiting = asyncio.create_task(answer(connection, prompt="b"))
            await asyncio.sleep(0)
            waiting.cancel()
            await running
            return await answer(connection, prompt="c", max_tokens=2)

    assert run(story()).finished.reason == "length"


def test_requests_beyond_the_queue_are_refused_as_overloaded(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.random, n_seq_max=1, n_ctx=16_384) as connection:
            endless = Generate(0, prompt="a", sampling=GREEDY, max_tokens=16_000)
            running = connection.generate(endless)
            await anext(running)
            waiting = [
                asyncio.create_task(answer(connection, prompt="b", max_tokens=2)) for _ in range(80)
            ]
            refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
            while len(refused) < 16:
                refused, _ = await asyncio.wait(waiting, timeout=0.01)
            await running.aclose()
            return await asyncio.gather(*waiting, return_exceptions=True)

    results = run(story())
    refused = [r for r in results if isinstance(r, GenerationFailed)]
    assert {r.failure.code for r in refused} == {"overloaded"}
    assert len(results) - len(refused) == 64


@pytest.mark.parametrize(
    ("request_fields", "refusal"),
    [
        ({"prompt_tokens": []}, "invalid_request: prompt: is empty"),
        ({"prompt_tokens": [1, 999]}, "invalid_request: prompt: token 999"),
        ({"prompt": "a", "max_tokens": 0}, "invalid_request: max_tokens"),
        (
            {"prompt": "a", "sampling": Sampling(logit_bias={999: 1.0})},
            "invalid_request: logit_bias: token 999",
        ),
        (
            {"messages": [{"role": "villain", "content": ""}]},
            "invalid_request: the model's chat template refuses the messages: no villains",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "unsupported: content part of type 'image_url'",
        ),
    ],
)
def test_a_bad_request_is_refused_and_the_next_one_answered(
    tiny, worker, run, request_fields, refusal
):
    async def story():
        async with worker(tiny.random) as connection:
            failure = await failure_of(connection, **request_fields)
            answers = connection.generate(Generate(0, prompt="a", max_tokens=2, sampling=GREEDY))
            return failure, [message async for message in answers][-1]

    failure, last = run(story())
    assert f"{failure.code}: {failure.message}".startswith(refusal)
    assert last.reason == "length"


def test_a_generating_model_does_not_embed(tiny, worker, run):
    async def story():
        async with worker(tiny.random) as connection:
            with pytest.raises(GenerationFailed) as caught:
                await connection.embed(Embed(0, ["a"]))
            return caught.value.failure

    assert run(story()).code == "unsupported"


def test_pings_are_answered_while_the_engine_works(tiny, worker, run):
    async def story():
        async with worker(tiny.random, n_ctx=512) as connection:
            before = connection.last_pong
            stream = connection.generate(Generate(0, prompt="x" * 400, sampling=GREEDY))
            await anext(stream)
            connection.ping()
            async for message in stream:
                last = message
            return before, connection.last_pong, last

    before, after, last = run(story())
    assert after[0] > before[0]
    assert isinstance(last, Finished)


def test_cancelling_at_any_moment_leaves_the_worker_whole(tiny, worker, answer, run):
    """Given up while unread, waiting, in prefill and in decode, between others that stay."""
    moments = random.Random(7)
    prompts = {"a": "bcdef", "c": "def", "ab" * 100 + "e": "f"}

    async def give_up(connection, prompt):
        stream = connection.generate(Generate(0, prompt=prompt, sampling=GREEDY))
        for _ in range(moments.randrange(4)):
            if await anext(stream, None) is None:
                break
        await asyncio.sleep(moments.random() * 0.002)
        await stream.aclose()

    async def stay(connection, prompt):
        return prompt, (await answer(connection, prompt=prompt)).content

    async def story():
        async with worker(tiny.recital("abcdef"), n_seq_max=3) as connection:
            kept = []
            for _ in range(12):
                chosen = [moments.choice(list(prompts)) for _ in range(10)]
                tasks = [
                    asyncio.create_task((stay if index % 3 == 0 else give_up)(connection, prompt))
                    for index, prompt in enumerate(chosen)
                ]
                tasks[moments.randrange(1, 3)].cancel()
                kept += await asyncio.gather(*tasks, return_exceptions=True)
            full = await asyncio.gather(*[stay(connection, "a") for _ in range(60)])
            return [result for result in kept if isinstance(result, tuple)] + full

    results = run(story())
    assert len(results) == 12 * 4 + 60
    assert all(prompts[prompt] == content for prompt, content in results)


def test_a_prompt_of_megabytes_is_refused_in_numbers_not_in_silence(tiny, worker, run):
    async def story():
        async with worker(tiny.random) as connection:
            return await failure_of(connection, prompt="word " * 400_000)

    failure = run(story())
    assert (failure.prompt_tokens, failure.n_ctx) == (2_000_000, 256)


def test_an_answer_that_is_wanted_whole_is_one_delta_with_the_same_text(tiny, worker, answer, run):
    tokens = [*b"a", tiny.think, *b"hm", tiny.end_think, *b"yes, but", tiny.end]
    markers = ReasoningFormat(open="<think>", close="</think>", mode="always")

    async def story():
        async with worker(tiny.recital(tokens), reasoning=markers) as connection:
            return [
                await answer(connection, prompt="a", stop=[", "], whole=whole)
                for whole in (False, True)
            ]

    pieces, whole = run(story())
    assert len(pieces.deltas) > 2
    (delta,) = whole.deltas
    assert (delta.reasoning, delta.content) == (pieces.reasoning, pieces.content) == ("hm", "yes")
    assert whole.finished.reason == pieces.finished.reason == "stop"
    assert whole.finished.usage == pieces.finished.usage
