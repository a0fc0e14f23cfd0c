"""Workers over mutual TLS, between two ends that both show certificates made here."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.recordings import recording
from tests.workers.conftest import make_spec
from tests.workers.identities import write_identity
from tests.workers.processes import worker_processes
from tests.workers.vision_weights import make_eyes, picture

from llmaas.bundle import Placement, WeightsFile
from llmaas.workers import RemoteMachine, ServedModel, Supervision, Workers, WorkerUnavailable
from llmaas.workers.deployment import plan_deployment
from llmaas.workers.failures import GenerationFailed, LoadError
from llmaas.workers.protocol import Generate, ImageInput, Load, Sampling, Transcribe
from llmaas.workers.remote import WorkerListener, connect_remote
from llmaas.workers.stand_in.transcription import SENTENCE, write_transcription_model
from llmaas.workers.tls import Identity, client_context, server_context

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "theirs", authority="another")


@pytest.fixture
def pulled(tmp_path):
    """`pulled(path)`: a specification whose weights are in the other machine's directory."""

    def pulled(path, **changes):
        name = path.name
        there = tmp_path / "tiny--weights" / name
        there.parent.mkdir(exist_ok=True)
        there.symlink_to(path)
        return make_spec(weights=WeightsFile("tiny/weights", name, "F32", None), **changes)

    return pulled


@pytest.fixture
def listening(identity, tmp_path):
    @asynccontextmanager
    async def listening(port=0):
        listener = WorkerListener(server_context(identity), tmp_path)
        bound = await listener.start("127.0.0.1", port)
        try:
            yield bound
        finally:
            await listener.stop()

    return listening


def test_a_worker_on_another_machine_answers_like_one_here(tiny, far, answer, run):
    async def story():
        async with far.listening() as port:
            connection = await connect_remote("127.0.0.1", port, client_context(far.identity))
            spec = far.pulled(tiny.recital("abcdef"))
            connection.load(Load(spec=spec, weights_path="", n_threads=1))
            await connection.ready
            version = connection._transport.get_extra_info("ssl_object").version()
            got = await asyncio.gather(*[answer(connection, prompt="a") for _ in range(3)])
            connection.close()
            return version, [a.content for a in got]

    assert run(story()) == ("TLSv1.3", ["bcdef"] * 3)


def test_a_worker_on_another_machine_sees_with_the_projector_that_was_pulled_there(
    far, answer, run, tmp_path_factory
):
    eyes = make_eyes(tmp_path_factory.mktemp("eyes"))["llava"]
    projector = far.pulled(eyes.mmproj).weights
    spec = replace(far.pulled(eyes.weights, n_ctx=512), mmproj=projector)
    parts = [{"type": "text", "text": "See "}, {"type": "image", "image": 0}]

    async def story():
        async with (
            far.listening() as port,
            placed(elsewhere(spec), far.machine(port)) as pools,
            pools.lease(spec.pool) as lease,
        ):
            return await answer(
                lease,
                messages=[{"role": "user", "content": parts}],
                images=[ImageInput(picture(1), "messages[0].content[1]")],
                max_tokens=4,
            )

    assert run(story()).finished.usage.image_tokens == 64


def test_a_worker_for_another_machine_loads_its_own_weights_only(tiny, identity, listening, run):
    async def story():
        async with listening() as port:
            connection = await connect_remote("127.0.0.1", port, client_context(identity))
            outside = str(tiny.random)
            connection.load(Load(spec=make_spec(), weights_path=outside, n_threads=1))
            with pytest.raises(LoadError):
                await connection.ready

    run(story())


def test_a_remote_worker_ends_with_its_connection(tiny, identity, listening, pulled, run):
    def children():
        return {worker.pid for worker in worker_processes()}

    async def story():
        before = children()
        async with listening() as port:
            connection = await connect_remote("127.0.0.1", port, client_context(identity))
            spec = pulled(tiny.random, n_ctx=512)
            connection.load(Load(spec=spec, weights_path="", n_threads=1))
            await connection.ready
            stream = connection.generate(Generate(0, prompt="a", sampling=Sampling(temperature=0)))
            await anext(stream)
            while_running = children() - before
            connection.close()
            while children() - before:  # noqa: ASYNC110 - processes tell nobody
                await asyncio.sleep(0.01)
        return len(while_running)

    assert run(story()) == 1


def test_a_gateway_of_another_authority_gets_no_worker(identity, stranger, listening, run):
    async def story():
        mixed = Identity(stranger.certificate, stranger.key, identity.authority)
        async with listening() as port:
            connection = await connect_remote("127.0.0.1", port, client_context(mixed))
            await asyncio.wait_for(connection.lost.wait(), 10)
            return connection.lost.is_set()

    # In TLS 1.3 a client is done before the server has judged it; then the connection ends.
    assert run(story())


def test_a_gateway_does_not_believe_another_authority(stranger, listening, run):
    async def story():
        async with listening() as port:
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect_remote("127.0.0.1", port, client_context(stranger))

    run(story())


def test_a_client_without_a_certificate_is_refused(identity, listening, run):
    async def story():
        naked = ssl.create_default_context(cafile=str(identity.authority))
        async with listening() as port:
            connection = await connect_remote("127.0.0.1", port, naked)
            await asyncio.wait_for(connection.lost.wait(), 10)

    run(story())


def test_older_versions_of_tls_are_refused(identity, listening, run):
    async def story():
        old = client_context(identity)
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        async with listening() as port:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect_remote("127.0.0.1", port, old)

    run(story())


# Pools that are placed there


def elsewhere(*specs, machines=("far",)):
    return {
        spec.pool: ServedModel(spec, Path("weights"), None, stand_in=False, machines=machines)
        for spec in specs
    }


@dataclass(frozen=True)
class Far:
    """Another machine: its weights, its listener, and how a gateway knows it."""

    pulled: Any
    listening: Any
    identity: Identity

    def machine(self, port, *, name="far", memory_bytes=2**40):
        return RemoteMachine(name, "127.0.0.1", port, client_context(self.identity), memory_bytes)


@pytest.fixture
def far(pulled, listening, identity):
    return Far(pulled, listening, identity)


@asynccontextmanager
async def placed(deployment, *machines):
    workers = Workers(
        deployment,
        memory_budget_bytes=0,  # nothing fits here
        machine_name="here",
        n_threads=1,
        machines=machines,
        supervision=Supervision(ping_interval_s=0.1),
    )
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_pool_is_placed_on_a_machine_that_its_catalogue_names(tiny, far, answer, run):
    async def story():
        spec = far.pulled(tiny.recital("abcdef"))
        async with far.listening() as port, placed(elsewhere(spec), far.machine(port)) as pools:
            async with pools.lease(spec.pool) as lease:
                got = await answer(lease, prompt="a")
                name = lease.machine_name
            (status,) = pools.status()
            return got.content, name, status.pid, status.memory_bytes > 0

    assert run(story()) == ("bcdef", "far", None, True)


def test_a_machine_that_is_down_is_passed_over(tiny, far, answer, run):
    async def story():
        spec = far.pulled(tiny.recital("abc"))
        down = far.machine(free_port(), name="down")
        async with (
            far.listening() as port,
            placed(elsewhere(spec, machines=("down", "far")), down, far.machine(port)) as pools,
            pools.lease(spec.pool) as lease,
        ):
            return lease.machine_name, (await answer(lease, prompt="a")).content

    assert run(story()) == ("far", "bc")


def test_a_worker_killed_there_is_reconnected(tiny, far, answer, run):
    async def story():
        spec = far.pulled(tiny.recital("abc"), n_ctx=4096)
        async with far.listening() as port, placed(elsewhere(spec), far.machine(port)) as pools:
            async with pools.lease(spec.pool) as lease:
                endless = Sampling(temperature=0, ignore_eos=True)
                stream = lease.generate(Generate(0, prompt="b", sampling=endless))
                await anext(stream)
                (process,) = worker_processes()
                process.kill()
                with pytest.raises(GenerationFailed):
                    async for _ in stream:
                        pass
            async with pools.lease(spec.pool) as lease:
                return (await answer(lease, prompt="a")).content, pools.status()[0].failures

    assert run(story()) == ("bc", 1)


def test_a_recording_is_transcribed_on_another_machine(far, run, tmp_path):
    weights = tmp_path / "whisper.bin"
    with weights.open("wb") as file:
        write_transcription_model(file)

    async def told(seconds):
        assert seconds == pytest.approx(31, abs=0.1)

    async def story():
        spec = far.pulled(weights, kind="transcription", n_ctx=448, n_seq_max=1)
        async with (
            far.listening() as port,
            placed(elsewhere(spec), far.machine(port)) as pools,
            pools.lease(spec.pool) as lease,
        ):
            request = Transcribe(stream=0, audio=recording(31, "mp3"))
            return lease.machine_name, await lease.transcribe(request, told)

    machine, transcript = run(story())
    assert machine == "far"
    assert [each.text.strip() for each in transcript.segments] == [SENTENCE] * 2


def test_a_pinned_pool_comes_back_when_its_machine_does(tiny, far, answer, run):
    async def story():
        spec = far.pulled(tiny.recital("abc"), pinned=True)
        port = free_port()
        async with placed(elsewhere(spec), far.machine(port)) as pools:
            while pools.status()[0].failures < 2:  # noqa: ASYNC110 - nobody waits for it
                await asyncio.sleep(0.01)
            assert "far (127.0.0.1" in pools.status()[0].reason
            async with far.listening(port):
                while pools.status()[0].state != "ready":  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                async with pools.lease(spec.pool) as lease:
                    return (await answer(lease, prompt="a")).content

    assert run(story()) == "bc"


def test_weights_that_are_not_there_are_told_with_the_remedy(far, run):
    async def story():
        spec = make_spec(weights=WeightsFile("tiny/weights", "no.gguf", "F32", None))
        async with far.listening() as port, placed(elsewhere(spec), far.machine(port)) as pools:
            with pytest.raises(WorkerUnavailable, match=r"far: .*no\.gguf.*llmaas pull tiny"):
                async with pools.lease(spec.pool):
                    pass

    run(story())


def test_every_machine_has_a_budget_of_its_own(tiny, far, answer, run):
    async def story():
        specs = [far.pulled(tiny.recital(text), pool=text) for text in ("abc", "axy")]
        async with far.listening() as port:
            small = far.machine(port, memory_bytes=1)
            async with placed(elsewhere(*specs), small) as pools:
                with pytest.raises(WorkerUnavailable, match="needs"):
                    async with pools.lease("abc"):
                        pass
            large = far.machine(port)
            async with placed(elsewhere(*specs), large) as pools, pools.lease("abc") as lease:
                needed = pools.status()[0].memory_bytes
                assert (await answer(lease, prompt="a")).content == "bc"
            one = far.machine(port, memory_bytes=needed + needed // 2)
            async with placed(elsewhere(*specs), one) as pools:
                for pool, content in (("abc", "bc"), ("axy", "xy")):
                    async with pools.lease(pool) as lease:
                        assert (await answer(lease, prompt="a")).content == content
                return [status.state.value for status in pools.status()]

    assert run(story()) == ["stopped", "ready"]


def test_a_pool_runs_where_the_catalogue_wants_it_among_what_was_configured(tmp_path):
    weights = WeightsFile("tiny/weights", "tiny.gguf", "F32", None)
    specs = [make_spec(pool=pool, weights=weights) for pool in ("far", "near")]
    placements = [Placement("far", ("m1", "m2", "m3")), Placement("near", ())]
    planned = plan_deployment(
        specs,
        weights_dir=tmp_path,
        stand_ins=None,
        placements=placements,
        machines={"m3", "m2"},
    )
    assert {pool: served.machines for pool, served in planned.items()} == {"far": ("m2", "m3")}
    assert plan_deployment(
        specs, weights_dir=tmp_path, stand_ins=None, placements=placements
    ) == {}  # fmt: skip
