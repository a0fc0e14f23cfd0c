"""Workers over mutual TLS, between two ends that both show certificates made here."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from contextlib import asynccontextmanager

import pytest
from tests.workers.conftest import make_spec

from llmaas.workers.protocol import Generate, Load, Sampling
from llmaas.workers.remote import WorkerListener, connect_remote
from llmaas.workers.tls import Identity, client_context, server_context

x509 = pytest.importorskip("cryptography.x509", reason="makes the certificates")

pytestmark = pytest.mark.timeout(60)
LONG_AGO, FAR_AWAY = dt.datetime(2020, 1, 1), dt.datetime(2120, 1, 1)  # noqa: DTZ001


def write_identity(directory, authority="authority"):
    """A certificate of an authority of that name, for this machine's own address."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    directory.mkdir()

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(subject, key, signer, *, is_authority):
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(authority))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(LONG_AGO)
            .not_valid_after(FAR_AWAY)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        )
        return builder.sign(signer, hashes.SHA256())

    def pem(file, data):
        (directory / file).write_bytes(data)
        return directory / file

    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    encoding = serialization.Encoding.PEM
    of_authority = certificate(authority, signer, signer, is_authority=True)
    of_machine = certificate("machine", key, signer, is_authority=False)
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(
        certificate=pem("machine.pem", of_machine.public_bytes(encoding)),
        key=pem("machine.key", private),
        authority=pem("authority.pem", of_authority.public_bytes(encoding)),
    )


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "theirs", authority="another")


@asynccontextmanager
async def listening(identity):
    listener = WorkerListener(server_context(identity))
    port = await listener.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await listener.stop()


def test_a_worker_on_another_machine_answers_like_one_here(tiny, identity, answer, run):
    async def story():
        async with listening(identity) as port:
            connection = await connect_remote("127.0.0.1", port, client_context(identity))
            spec = make_spec()
            weights = str(tiny.recital("abcdef"))
            connection.load(Load(spec=spec, weights_path=weights, n_threads=1))
            await connection.ready
            version = connection._transport.get_extra_info("ssl_object").version()
            got = await asyncio.gather(*[answer(connection, prompt="a") for _ in range(3)])
            connection.close()
            return version, [a.content for a in got]

    assert run(story()) == ("TLSv1.3", ["bcdef"] * 3)


def test_a_remote_worker_ends_with_its_connection(tiny, identity, run):
    import psutil

    def children():
        return {child.pid for child in psutil.Process().children()}

    async def story():
        before = children()
        async with listening(identity) as port:
            connection = await connect_remote("127.0.0.1", port, client_context(identity))
            spec = make_spec(n_ctx=512)
            connection.load(Load(spec=spec, weights_path=str(tiny.random), n_threads=1))
            await connection.ready
            stream = connection.generate(Generate(0, prompt="a", sampling=Sampling(temperature=0)))
            await anext(stream)
            while_running = children() - before
            connection.close()
            while children() - before:  # noqa: ASYNC110 - processes tell nobody
                await asyncio.sleep(0.01)
        return len(while_running)

    assert run(story()) == 1


def test_a_gateway_of_another_authority_gets_no_worker(identity, stranger, run):
    async def story():
        mixed = Identity(stranger.certificate, stranger.key, identity.authority)
        async with listening(identity) as port:
            connection = await connect_remote("127.0.0.1", port, client_context(mixed))
            await asyncio.wait_for(connection.lost.wait(), 10)
            return connection.lost.is_set()

    # In TLS 1.3 a client is done before the server has judged it; then the connection ends.
    assert run(story())


def test_a_gateway_does_not_believe_another_authority(identity, stranger, run):
    async def story():
        async with listening(identity) as port:
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect_remote("127.0.0.1", port, client_context(stranger))

    run(story())


def test_a_client_without_a_certificate_is_refused(identity, run):
    async def story():
        naked = ssl.create_default_context(cafile=str(identity.authority))
        async with listening(identity) as port:
            connection = await connect_remote("127.0.0.1", port, naked)
            await asyncio.wait_for(connection.lost.wait(), 10)

    run(story())


def test_older_versions_of_tls_are_refused(identity, run):
    async def story():
        old = client_context(identity)
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        async with listening(identity) as port:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect_remote("127.0.0.1", port, old)

    run(story())
