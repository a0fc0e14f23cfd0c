"""What stays, starts and goes when other models are to be served: plain values, then processes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.workers.processes import worker_processes

from llmaas.workers import PoolState, ReconfigurationFailed, ServedModel, WorkerUnavailable
from llmaas.workers.protocol import Generate
from llmaas.workers.reconfiguration import reconfiguration_for

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def served(spec):
    def make(pool, path="weights.gguf", **changes):
        return ServedModel(spec(pool=pool, **changes), Path(path), None, stand_in=False)

    return make


def decide(before, after, running=()):
    return reconfiguration_for(
        {each.spec.pool: each for each in before},
        {each.spec.pool: each for each in after},
        running=set(running),
    )


def test_what_is_the_same_is_kept_whether_it_runs_or_not(served):
    same = [served("a"), served("b"), served("p", pinned=True)]
    found = decide(same, same, running={"a", "p"})
    assert found.keep == ("a", "b", "p")
    assert (found.start, found.check, found.retire) == ((), (), ())


def test_a_changed_model_that_runs_is_replaced(served):
    found = decide([served("a")], [served("a", n_ctx=128)], running={"a"})
    assert (found.start, found.check, found.retire) == (("a",), (), ("a",))


def test_a_changed_model_that_nobody_uses_is_only_checked(served):
    found = decide([served("a")], [served("a", n_ctx=128)])
    assert (found.start, found.check, found.retire) == ((), ("a",), ("a",))


def test_other_weights_are_a_change_although_the_specification_is_the_same(served):
    assert decide([served("a")], [served("a", "pulled.gguf")], running={"a"}).start == ("a",)
    assert decide([served("a")], [replace(served("a"), stand_in=True)]).check == ("a",)


def test_a_new_model_is_checked_and_a_new_pinned_one_started(served):
    found = decide([], [served("a"), served("p", pinned=True)])
    assert (found.check, found.start) == (("a",), ("p",))


def test_a_removed_model_is_retired(served):
    found = decide([served("a"), served("b")], [served("b")], running={"a"})
    assert (found.keep, found.retire) == (("b",), ("a",))


def test_pinning_a_model_that_runs_does_not_touch_its_worker(served):
    before, after = [served("a")], [served("a", pinned=True)]
    assert decide(before, after, running={"a"}).keep == ("a",)
    assert decide(before, after).start == ("a",)
    assert decide(before, after).retire == ()
    assert decide(after, before, running={"a"}).keep == ("a",)


def test_what_is_checked_loads_first_because_it_makes_room_again(served):
    found = decide([served("a")], [served("a", n_ctx=128), served("z")], running={"a"})
    assert found.load == ("z", "a")


# with processes


def state(pools, pool):
    return next(status for status in pools.status() if status.pool == pool)


def changed(workers, **models):
    """The deployment with other weights, specifications, or `None` for a model that is gone."""
    found = {pool: workers._slots.served[slot] for pool, slot in workers.deployed.slots.items()}
    for pool, change in models.items():
        if change is None:
            del found[pool]
        elif isinstance(change, Path):
            found[pool] = replace(found[pool], weights_path=change)
        elif isinstance(change, ServedModel):
            found[pool] = change
        else:
            spec = msgspec.structs.replace(found[pool].spec, **change)
            found[pool] = replace(found[pool], spec=spec)
    return found


async def ask(pools, answer, pool, **request):
    async with pools.lease(pool) as lease:
        return (await answer(lease, prompt="a", max_tokens=2, **request)).content


async def until(condition):
    while not condition():  # noqa: ASYNC110 - processes set no events here
        await asyncio.sleep(0.01)


def test_a_changed_worker_is_swapped_and_the_others_are_untouched(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.recital("abc"), "b": tiny.recital("axy")}) as pools:
            assert await ask(pools, answer, "a") == "bc"
            assert await ask(pools, answer, "b") == "xy"
            before = pools.deployed
            pids = state(before, "a").pid, state(before, "b").pid
            after = await pools.reconfigure(changed(pools, a=tiny.recital("ade")))
            assert pools.deployed is after
            both = await ask(before, answer, "a"), await ask(after, answer, "a")
            assert (state(before, "a").pid, state(after, "b").pid) == pids
            assert state(after, "a").pid not in pids
            before.release()
            await until(lambda: len(worker_processes()) == 2)
            return both, await ask(pools, answer, "a"), pids[1] == state(pools, "b").pid

    both, later, untouched = run(story())
    assert both == ("bc", "de")
    assert later == "de"
    assert untouched


def test_a_stream_that_runs_ends_on_the_worker_it_began_with(tiny, workers, run):
    async def story():
        async with workers({"a": tiny.recital("abcdef")}) as pools:
            before = pools.deployed
            async with before.lease("a") as lease:
                stream = lease.generate(Generate(0, prompt="a", max_tokens=5))
                await anext(stream)
                await pools.reconfigure(changed(pools, a=tiny.recital("azyxwv")))
                before.release()
                return "".join([getattr(each, "content", "") async for each in stream])

    assert run(story()) == "bcdef"


def test_a_model_that_does_not_load_leaves_everything_as_it_was(
    tiny, tmp_path, workers, answer, run
):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny.random.read_bytes()[:2000])

    async def story():
        async with workers({"a": tiny.recital("abc"), "b": tiny.random}, pinned=("a",)) as pools:
            assert await ask(pools, answer, "a") == "bc"
            pid, before = state(pools, "a").pid, pools.deployed
            with pytest.raises(ReconfigurationFailed) as failed:
                await pools.reconfigure(changed(pools, a=broken, b=tiny.recital("axy")))
            assert failed.value.pool == "a"
            assert failed.value.reason
            assert pools.deployed is before
            assert state(pools, "a").pid == pid
            assert await ask(pools, answer, "a") == "bc"
            await until(lambda: len(worker_processes()) == 1)
            return list(pools._slots.served), pools._slots.failures

    assert run(story()) == (["a", "b"], {})


def test_a_removed_model_drains_and_an_added_one_is_checked_but_not_kept(
    tiny, workers, answer, run
):
    async def story():
        async with workers({"a": tiny.recital("abc")}) as pools:
            await ask(pools, answer, "a")
            before = pools.deployed
            served = replace(
                pools._slots.served["a"],
                spec=msgspec.structs.replace(pools._slots.served["a"].spec, pool="new"),
                weights_path=tiny.recital("axy"),
            )
            after = await pools.reconfigure(changed(pools, a=None, new=served))
            with pytest.raises(WorkerUnavailable, match="a is not deployed here"):
                await ask(after, answer, "a")
            assert await ask(before, answer, "a") == "bc"
            before.release()
            await until(lambda: not worker_processes())
            await until(lambda: state(after, "new").state is PoolState.STOPPED)
            return await ask(pools, answer, "new")

    assert run(story()) == "xy"


def test_what_does_not_fit_beside_the_pinned_one_is_refused_with_the_numbers(
    tiny, workers, answer, run
):
    async def story():
        async with workers({"a": tiny.recital("abc")}, pinned=("a",), room_for=1) as pools:
            assert await ask(pools, answer, "a") == "bc"
            with pytest.raises(ReconfigurationFailed, match="pinned models keep"):
                await pools.reconfigure(changed(pools, a=tiny.recital("axy")))
            return await ask(pools, answer, "a")

    assert run(story()) == "bc"


def test_what_fits_only_in_the_place_of_the_pinned_one_follows_it_in_two_steps(
    tiny, workers, answer, run
):
    async def story():
        async with workers({"a": tiny.recital("abc")}, pinned=("a",), room_for=1) as pools:
            assert await ask(pools, answer, "a") == "bc"
            await pools.reconfigure(changed(pools, a={"pinned": False}))
            assert await ask(pools, answer, "a") == "bc"
            await pools.reconfigure(changed(pools, a=tiny.recital("axy")))
            assert await ask(pools, answer, "a") == "xy"
            await pools.reconfigure(changed(pools, a={"pinned": True}))
            return await ask(pools, answer, "a")

    assert run(story()) == "xy"


def test_a_release_during_the_next_change_takes_nothing_from_it(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.recital("abc")}) as pools:
            await ask(pools, answer, "a")
            first = pools.deployed
            second = await pools.reconfigure(changed(pools, a=tiny.recital("axy")))
            change = asyncio.create_task(pools.reconfigure(changed(pools, a=tiny.recital("ade"))))
            await until(lambda: pools._slots.loading)
            first.release()
            third = await change
            second.release()
            await until(lambda: len(worker_processes()) == 1)
            return await ask(third, answer, "a"), len(pools._slots.served)

    assert run(story()) == ("de", 1)


def test_changes_asked_for_at_once_happen_one_after_the_other(tiny, workers, answer, run):
    async def story():
        async with workers({"a": tiny.recital("abc")}) as pools:
            await asyncio.gather(
                pools.reconfigure(changed(pools, a=tiny.recital("axy"))),
                pools.reconfigure(changed(pools, a=tiny.recital("ade"))),
            )
            return await ask(pools, answer, "a")

    assert run(story()) == "de"
