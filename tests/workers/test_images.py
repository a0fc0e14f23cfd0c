"""Images in prompts, through real workers, with tiny models of three kinds that see."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.workers.agreement import assert_agree
from tests.workers.conftest import make_spec
from tests.workers.seeing_reference import reference
from tests.workers.vision_weights import Eyes, make_eyes, picture, pixels, write_gemma, write_kind

from llmaas.workers import GenerationFailed
from llmaas.workers.failures import LoadError
from llmaas.workers.protocol import Delta, Finished, Generate, ImageInput, Sampling, Started
from llmaas.workers.stand_in import make_stand_ins

pytestmark = pytest.mark.timeout(90)
KINDS = ("llava", "gemma", "qwen")
CASES = [(kind, memory) for kind in KINDS for memory in ("split", "unified")]
IMAGE = {"type": "image"}
LONG = "A text that is long enough to be worth keeping for the next one. "


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Eyes]:
    return make_eyes(tmp_path_factory.mktemp("eyes"))


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, eyes: dict[str, Eyes]) -> Eyes:
    """Takes some tenths of a second for each image, which is 16 cells."""
    path = tmp_path_factory.mktemp("slow") / "slow.gguf"
    return Eyes(eyes["gemma"].weights, write_gemma(path, image_size=256, merge=8, layers=8))


def asked(*parts: str | bytes, **options: Any) -> dict[str, Any]:
    """A user's message of texts and images, as a request."""
    content: list[Any] = []
    images: list[ImageInput] = []
    for part in parts:
        if isinstance(part, str):
            content.append({"type": "text", "text": part})
        else:
            location = f"messages[0].content[{len(content)}]"
            content.append({**IMAGE, "image": len(images)})
            images.append(ImageInput(part, location))
    options = {"max_tokens": 16, "top_logprobs": 3} | options
    return {"messages": [{"role": "user", "content": content}], "images": images, **options}


def seeing(worker: Callable[..., Any], eyes: Eyes, **spec: Any) -> Any:
    return worker(eyes.weights, mmproj=eyes.mmproj, **({"n_ctx": 2048} | spec))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_is_what_llama_cpps_own_helper_makes_of_the_same_prompt(
    case, eyes, worker, answer, run
):
    kind, engine = case[0], {"kv_unified": case[1] == "unified"}
    parts = ("Before. ", picture(1), " Between. ", picture(2, 160, 96), " After?")
    text = "Before. <__media__> Between. <__media__> After?"
    expected = reference(eyes[kind], text, [pixels(1), pixels(2, 160, 96)], max_tokens=16)

    async def story():
        async with seeing(worker, eyes[kind], engine=engine) as connection:
            return await answer(connection, **asked(*parts))

    said = run(story())
    assert_agree(said.logprobs, expected)
    usage = said.finished.usage
    texts = len("Before.  Between.  After?")
    marks = {"llava": 0, "gemma": 30, "qwen": 30}[kind]
    assert usage.prompt_tokens == texts + usage.image_tokens + 2 * marks
    assert usage.image_tokens == {"llava": 128, "gemma": 32, "qwen": 24 + 60}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_images_do_not_mix_whoever_runs_beside(kind, eyes, worker, answer, run):
    requests = [asked("What is it? ", picture(seed), "!", tenant=str(seed)) for seed in range(6)]
    requests += [asked(LONG[: 20 + 3 * i], tenant=f"text {i}") for i in range(3)]

    async def story():
        async with seeing(worker, eyes[kind], n_seq_max=4) as connection:
            together = await asyncio.gather(*(answer(connection, **r) for r in requests))
        async with seeing(worker, eyes[kind], n_seq_max=4) as connection:
            alone = [await answer(connection, **r) for r in requests]
        return together, alone

    together, alone = run(story())
    for one, other in zip(together, alone, strict=True):
        assert_agree(one.logprobs, other.logprobs)
    first = [each.logprobs[0].chosen.logprob for each in alone[:6]]
    assert len({round(each, 3) for each in first}) == 6, "the same for different images"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_computed_is_used_again_up_to_an_image_that_is_another_one(
    case, eyes, worker, answer, run
):
    kind, engine = case[0], {"kv_unified": case[1] == "unified"}
    same = asked(LONG, picture(1), LONG)
    longer = asked(LONG, picture(1), LONG, "And now? ")
    other = asked(LONG, picture(2), LONG)

    async def story():
        async with seeing(worker, eyes[kind], engine=engine) as connection:
            used = [await answer(connection, **r) for r in (same, same, longer, other)]
        async with seeing(worker, eyes[kind], engine=engine) as connection:
            alone = [
                await answer(connection, **r, tenant=str(i))
                for i, r in enumerate((same, same, longer, other))
            ]
        return used, alone

    used, alone = run(story())
    for one, fresh in zip(used, alone, strict=True):
        assert fresh.finished.usage.cached_tokens == 0
        assert_agree(one.logprobs, fresh.logprobs)
    cached = [each.finished.usage.cached_tokens for each in used]
    everything = used[0].finished.usage.prompt_tokens
    assert cached[:3] == [0, everything - 1, everything]
    # What the projector puts before an image is text, and the same for all.
    before = {"llava": 0, "gemma": 16, "qwen": 16}[kind]
    assert cached[3] == len(LONG) + before


@pytest.mark.parametrize("kind", KINDS)
def test_a_chat_with_an_image_goes_on_where_it_was(kind, eyes, worker, answer, run):
    turn = asked(LONG, picture(1), "?")

    async def story():
        async with seeing(worker, eyes[kind]) as connection:
            first = await answer(connection, **turn)
            messages = [
                *turn["messages"],
                {"role": "assistant", "content": "Yes."},
                {"role": "user", "content": "Why?"},
            ]
            return first, await answer(connection, **{**turn, "messages": messages})

    first, second = run(story())
    assert second.finished.usage.cached_tokens >= first.finished.usage.prompt_tokens
    assert second.finished.usage.image_tokens == first.finished.usage.image_tokens


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_that_had_to_make_room_see_their_images_again(kind, eyes, worker, answer, run):
    # Each grows to more than a fourth of the memory, so some give their cells up on the way.
    requests = [
        asked(f"Number {seed}: ", picture(seed, 128, 128), "!", max_tokens=80, tenant=str(seed))
        for seed in range(4)
    ]

    async def story(**spec):
        async with seeing(worker, eyes[kind], n_ctx=512, n_seq_max=4, **spec) as connection:
            return await asyncio.gather(*(answer(connection, **r) for r in requests))

    tight = run(story(engine={"kv_unified": True, "kv_cells": 512}))
    roomy = run(story())
    for one, other in zip(tight, roomy, strict=True):
        assert one.finished.usage.completion_tokens == 80
        assert_agree(one.logprobs, other.logprobs)


@pytest.mark.parametrize("kind", KINDS)
def test_chats_with_images_come_back_from_the_shelf(kind, eyes, worker, answer, run):
    turns = [asked(f"{seed}: {LONG}", picture(seed), LONG) for seed in range(4)]

    async def story():
        async with seeing(worker, eyes[kind], n_seq_max=1, n_ctx=1024) as connection:
            fresh = [await answer(connection, **turn) for turn in turns]
            return fresh, [await answer(connection, **turn) for turn in turns]

    fresh, again = run(story())
    for one, other in zip(fresh, again, strict=True):
        assert_agree(one.logprobs, other.logprobs)
        before = len(LONG) + one.finished.usage.image_tokens
        assert other.finished.usage.cached_tokens > before, "not computed again"


def test_texts_are_answered_while_images_are_looked_at(slow, worker, answer, run):
    async def story():
        async with seeing(worker, slow) as connection:
            images = [picture(seed) for seed in range(12)]
            looking = asyncio.ensure_future(answer(connection, **asked("See: ", *images)))
            await asyncio.sleep(0.05)
            text = await answer(connection, **asked(LONG, max_tokens=40))
            return text, looking.done(), await looking

    text, seen_first, seen = run(story())
    assert text.finished.usage.completion_tokens == 40
    assert not seen_first, "the text waited for the images"
    assert seen.finished.usage.completion_tokens == 16


def test_looking_stops_when_the_client_has_left(slow, worker, answer, run):
    async def story():
        async with seeing(worker, slow) as connection:
            images = [picture(seed) for seed in range(16)]
            request = Generate(0, **asked("See: ", *images))
            loop = asyncio.get_running_loop()
            whole = loop.time()
            await answer(connection, **asked("See: ", *images, max_tokens=1))
            whole = loop.time() - whole
            generation = connection.generate(
                Generate(0, **asked("Look: ", *(picture(seed) for seed in range(100, 116))))
            )
            waiting = asyncio.ensure_future(anext(generation))
            await asyncio.sleep(whole / 8)
            began = loop.time()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await generation.aclose()
            usage = await generation.settled()
            took = loop.time() - began
            assert request.images, "the first request had images"
            return took, whole, usage, await answer(connection, **asked("And a text."))

    took, whole, usage, after = run(story())
    assert took < whole / 2, "all images were looked at for nobody"
    assert usage.completion_tokens == 0
    assert after.finished.reason == "length"


def test_a_worker_that_dies_while_it_looks_fails_its_requests(slow, workers, run, answer):
    from llmaas.workers import ServedModel, Workers

    async def story():
        served = ServedModel(
            make_spec(pool="tiny", n_ctx=2048), slow.weights, slow.mmproj, stand_in=True
        )
        pool = Workers(
            {"tiny": served}, memory_budget_bytes=2**40, machine_name="here", n_threads=1
        )
        await pool.start()
        try:
            async with pool.lease("tiny") as lease:
                await answer(lease, prompt="warm", max_tokens=1)
                images = [picture(seed) for seed in range(16)]
                looking = asyncio.ensure_future(answer(lease, **asked("See: ", *images)))
                await asyncio.sleep(0.1)
                import psutil

                for child in psutil.Process().children():
                    if "llmaas.workers" in " ".join(child.cmdline()):
                        child.kill()
                with pytest.raises(GenerationFailed) as failed:
                    await looking
            async with pool.lease("tiny") as lease:
                return failed.value.failure, await answer(lease, **asked("Again: ", picture(1)))
        finally:
            await pool.stop()

    failure, again = run(story())
    assert failure.code == "internal_error"
    assert again.finished.reason == "length"


def test_what_cannot_be_read_is_refused_and_named(eyes, worker, answer, run):
    unreadable = {
        "no PNG, JPEG, WebP or GIF image": [b"no image", picture(1, 90, 60, "BMP")],
        "damaged": [picture(1)[:90], picture(1, 90, 60, "JPEG")[:-300]],
        "one side may be 100 times as long": [picture(1, 1, 400)],
    }

    async def story():
        async with seeing(worker, eyes["llava"]) as connection:
            for why, files in unreadable.items():
                for data in files:
                    with pytest.raises(GenerationFailed, match=why) as failed:
                        await answer(connection, **asked("See ", picture(1), data))
                    assert failed.value.failure.code == "invalid_request"
                    assert failed.value.failure.field == "messages[0].content[2]"
            return await answer(connection, **asked("See ", picture(1)))

    assert run(story()).finished.usage.image_tokens == 64


def test_images_that_do_not_fit_the_context_are_refused_with_both_numbers(
    eyes, worker, answer, run
):
    async def story():
        async with seeing(worker, eyes["llava"], n_ctx=256) as connection:
            with pytest.raises(GenerationFailed) as refused:
                await answer(connection, **asked("See ", *(picture(seed) for seed in range(4))))
            return refused.value.failure

    failure = run(story())
    assert failure.code == "context_length_exceeded"
    assert (failure.prompt_tokens, failure.n_ctx) == (4 + 4 * 64, 256)


def test_a_model_without_a_projector_refuses_images(eyes, worker, answer, run):
    async def story():
        async with worker(eyes["llava"].weights) as connection:
            with pytest.raises(GenerationFailed) as refused:
                await answer(connection, **asked("See ", picture(1)))
            return refused.value.failure

    assert run(story()).code == "unsupported"


def test_a_text_that_looks_like_a_marker_is_a_text(eyes, worker, answer, run):
    async def story():
        async with seeing(worker, eyes["llava"]) as connection:
            return await answer(connection, **asked("<__media__><image:0:0>", picture(1)))

    usage = run(story()).finished.usage
    assert usage.prompt_tokens == len("<__media__><image:0:0>") + 64


def test_an_image_may_end_a_prompt(eyes, worker, answer, run):
    expected = reference(eyes["llava"], "See <__media__>!", [pixels(1)], max_tokens=4)

    async def story():
        async with seeing(worker, eyes["llava"]) as connection:
            bare = await answer(connection, **asked("See ", picture(1)))
            return bare, await answer(connection, **asked("See ", picture(1), "!", max_tokens=4))

    bare, marked = run(story())
    assert bare.finished.usage.prompt_tokens == 4 + 64
    assert len(bare.logprobs) == 16
    assert_agree(marked.logprobs, expected)


def test_an_answer_with_images_streams_after_started(eyes, worker, run):
    async def story():
        async with seeing(worker, eyes["qwen"]) as connection:
            request = asked("See ", picture(1), sampling=Sampling(temperature=0))
            return [type(m) async for m in connection.generate(Generate(0, **request))]

    kinds = run(story())
    assert kinds[0] is Started
    assert kinds[-1] is Finished
    assert set(kinds[1:-1]) == {Delta}


def test_a_projector_that_does_not_fit_is_a_load_error_with_the_reason(eyes, worker, run, tmp_path):
    narrow = make_stand_ins(tmp_path).chat

    async def story(weights, mmproj):
        async with worker(weights, mmproj=mmproj):
            pass

    with pytest.raises(LoadError, match=r"cannot be loaded beside .*mismatch between text model"):
        run(story(narrow, eyes["llava"].mmproj))
    with pytest.raises(LoadError, match="cannot be loaded beside"):
        run(story(eyes["llava"].weights, eyes["llava"].weights))
    with pytest.raises(LoadError, match="no such file"):
        run(story(eyes["llava"].weights, tmp_path / "nothing.gguf"))


def test_a_projector_whose_cells_depend_on_their_place_is_refused(eyes, worker, run, tmp_path):
    path = write_kind(tmp_path / "hunyuan.gguf", "hunyuanvl")

    async def story():
        async with worker(eyes["llava"].weights, mmproj=path):
            pass

    with pytest.raises(LoadError, match="projectors of type hunyuanvl are not served"):
        run(story())
