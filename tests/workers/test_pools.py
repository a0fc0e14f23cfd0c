import asyncio
import os
import re
import signal
import time

import pytest
from tests.workers.processes import worker_processes

from llmaas.workers import GenerationFailed, PoolState, Supervision, WorkerUnavailable
from llmaas.workers.protocol import Generate

pytestmark = pytest.mark.timeout(60)
on_both_loops = pytest.mark.parametrize("run", ["asyncio", "uvloop"], indirect=True)


def state(workers, pool):
    return next(status for status in workers.status() if status.pool == pool)


async def until(condition):
    while not condition():  # noqa: ASYNC110 - processes set no events here
        await asyncio.sleep(0.01)


async def ask(workers, answer, pool="a", **request):
    request.setdefault("prompt", "a")
    request.setdefault("max_tokens", 3)
    async with workers.lease(pool) as lease:
        return await answer(lease, **request)


@on_both_loops
def test_a_pool_starts_on_its_first_request_and_says_what_it_serves(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.recital("abcdef")}) as pools:
            before = state(pools, "a")
            async with pools.lease("a") as lease:
                got = await answer(lease, prompt="a", max_tokens=3)
                return before, got, lease, state(pools, "a")

    before, got, lease, after = run(story())
    assert (before.state, before.pid) == (PoolState.STOPPED, None)
    assert got.content == "bcd"
    assert (lease.n_ctx, lease.stand_in) == (256, True)
    assert (lease.engine_type, lease.machine_name) == ("llama.cpp", "here")
    assert (after.state, after.leases, after.n_ctx) == (PoolState.READY, 1, 256)


def test_simultaneous_first_requests_start_one_process(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.random}) as pools:
            await asyncio.gather(*[ask(pools, answer) for _ in range(10)])
            return len(worker_processes())

    assert run(story()) == 1


def test_a_pinned_pool_starts_without_a_request(tiny, workers, run):
    async def story():
        async with workers({"a": tiny.random, "b": tiny.random}, pinned=("a",)) as pools:
            await until(lambda: state(pools, "a").state is PoolState.READY)
            return state(pools, "b").state

    assert run(story()) is PoolState.STOPPED


@on_both_loops
def test_stopping_leaves_no_process_and_fails_what_still_runs(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.random, "b": tiny.random}) as pools:
            await ask(pools, answer, "b")
            async with pools.lease("a") as lease:
                stream = lease.generate(Generate(0, prompt="a"))
                await anext(stream)
                await pools.stop()
                with pytest.raises(GenerationFailed):
                    async for _ in stream:
                        pass
            with pytest.raises(WorkerUnavailable, match="shutting down"):
                await ask(pools, answer)
            return worker_processes()

    assert run(story()) == []


@on_both_loops
def test_a_worker_killed_mid_stream_fails_it_within_a_second_and_the_next_request_works(
    tiny, workers, answer, run
):
    async def story():
        async with workers({"a": tiny.random}) as pools:
            async with pools.lease("a") as lease:
                stream = lease.generate(Generate(0, prompt="a"))
                await anext(stream)
                os.kill(state(pools, "a").pid, signal.SIGKILL)
                killed_at = time.monotonic()
                with pytest.raises(GenerationFailed) as caught:
                    async for _ in stream:
                        pass
                took_s = time.monotonic() - killed_at
            got = await ask(pools, answer)
            return caught.value.failure, took_s, got, state(pools, "a")

    failure, took_s, got, after = run(story())
    assert failure.code == "internal_error"
    assert took_s < 1
    assert got.finished.reason == "length"
    assert (after.failures, after.reason) == (1, "the worker ended (SIGKILL)")


def test_a_pinned_worker_comes_back_by_itself(tiny, workers, run):
    async def story():
        async with workers({"a": tiny.random}, pinned=("a",)) as pools:
            await until(lambda: state(pools, "a").state is PoolState.READY)
            first = state(pools, "a").pid
            os.kill(first, signal.SIGKILL)
            await until(lambda: state(pools, "a").pid not in {None, first})

    run(story())


def test_a_hung_worker_is_killed(tiny, workers, answer, run):
    patience = Supervision(ping_interval_s=0.1, ping_timeout_s=0.5, stop_grace_s=0.2)

    async def story():
        async with workers({"a": tiny.random}, supervision=patience) as pools:
            await ask(pools, answer)
            os.kill(state(pools, "a").pid, signal.SIGSTOP)
            await until(lambda: state(pools, "a").failures == 1)
            return state(pools, "a").reason, worker_processes()

    reason, children = run(story())
    assert reason.startswith("no answer to pings")
    assert children == []


def test_weights_that_do_not_load_are_reported_with_the_reason(
    tiny, tmp_path, workers, answer, run
):
    cut_off = tmp_path / "cut-off.gguf"
    whole = tiny.random.read_bytes()
    cut_off.write_bytes(whole[: len(whole) // 2])

    async def story():
        async with workers({"a": cut_off}) as pools:
            with pytest.raises(WorkerUnavailable) as caught:
                await ask(pools, answer)
            with pytest.raises(WorkerUnavailable):  # the first retry is at once …
                await ask(pools, answer)
            with pytest.raises(WorkerUnavailable) as later:  # … the second is not
                await ask(pools, answer)
            return str(caught.value), later.value, state(pools, "a").state

    reason, later, after = run(story())
    assert "cut-off.gguf cannot be loaded" in reason
    assert "not within the file bounds" in reason
    assert later.retry_after_s == 1
    assert after is PoolState.FAILED


def test_missing_weights_are_named(tiny, tmp_path, workers, answer, run):
    async def story():
        async with workers({"a": tmp_path / "absent.gguf", "b": tiny.random}) as pools:
            with pytest.raises(WorkerUnavailable, match=r"absent\.gguf"):
                await ask(pools, answer)
            return await ask(pools, answer, "b")

    assert run(story()).finished.reason == "length"


def test_an_unknown_pool_is_unavailable(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.random}) as pools:
            with pytest.raises(WorkerUnavailable, match="zzz is not deployed here"):
                await ask(pools, answer, "zzz")

    run(story())


def test_an_idle_worker_makes_room_for_another(tiny, workers, answer, run):
    async def story():
        paths = {"a": tiny.random, "b": tiny.random, "c": tiny.random}
        async with workers(paths, room_for=2) as pools:
            for pool in ("a", "b", "a", "c"):
                await ask(pools, answer, pool)
            return {status.pool: status.state for status in pools.status()}

    assert run(story()) == {
        "a": PoolState.READY,
        "b": PoolState.STOPPED,
        "c": PoolState.READY,
    }


def test_a_busy_worker_finishes_before_it_makes_room(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.random, "b": tiny.random}, room_for=1) as pools:
            async with pools.lease("a") as lease:
                stream = lease.generate(Generate(0, prompt="a", max_tokens=200))
                await anext(stream)
                other = asyncio.create_task(ask(pools, answer, "b"))
                await until(lambda: state(pools, "b").state is PoolState.WAITING)
                last = [message async for message in stream][-1]
                waited = not other.done()
            again = asyncio.create_task(ask(pools, answer, "a"))
            return last, waited, await other, await again

    last, waited, other, again = run(story())
    assert (last.reason, last.usage.completion_tokens) == ("length", 200)
    assert waited
    assert other.finished.reason == "length"
    assert again.finished.reason == "length"


def test_many_pools_in_turn_through_a_small_budget_are_all_answered(tiny, workers, answer, run):
    async def story():
        names = "abcde"
        async with workers(dict.fromkeys(names, tiny.random), room_for=2) as pools:
            most = 0

            async def watch():
                nonlocal most
                while True:
                    most = max(most, len(worker_processes()))
                    await asyncio.sleep(0.02)

            watching = asyncio.create_task(watch())
            answers = await asyncio.gather(*[ask(pools, answer, p) for p in names * 2])
            watching.cancel()
            return answers, most

    answers, most = run(story())
    assert {a.finished.reason for a in answers} == {"length"}
    assert most <= 2


def test_a_pool_beyond_the_whole_budget_is_refused_with_the_numbers(
    tiny, workers, answer, run, caplog
):
    numbers = r"a needs \d+ MiB; .* budget of 1 MiB"

    async def story():
        async with workers({"a": tiny.random}, budget=2**20) as pools:
            assert re.search("1 model cannot be called, the first because " + numbers, caplog.text)
            with pytest.raises(WorkerUnavailable, match=numbers) as refused:
                await ask(pools, answer)
            return refused.value.retry_after_s, worker_processes()

    assert run(story()) == (None, [])


def test_what_does_not_fit_beside_the_pinned_model_is_told_at_the_start(tiny, workers, run, caplog):
    async def story():
        async with workers({"a": tiny.random, "b": tiny.random}, pinned=("a",), room_for=1):
            pass

    run(story())
    assert "1 model cannot be called, the first because b needs" in caplog.text
    assert "pinned models keep" in caplog.text


def test_a_request_given_up_during_the_start_does_not_stop_the_start(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.random}) as pools:
            impatient = asyncio.create_task(ask(pools, answer))
            patient = asyncio.create_task(ask(pools, answer))
            await until(lambda: state(pools, "a").state is PoolState.STARTING)
            impatient.cancel()
            return await patient

    assert run(story()).finished.reason == "length"
