"""Models on other machines: `llmaas worker` there, `llmaas serve --machines` here."""

import msgspec
import pytest
import typer
from tests.workers.identities import write_identity

from llmaas.bundle import Placement, PlacementTable, bundle_files, read_bundle, read_manifest
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.model_ids import only
from llmaas.cli.service.elsewhere import NOWHERE, elsewhere, remote_machines
from llmaas.reference import reference_directory
from llmaas.workers import weights_path
from llmaas.workers.stand_in import make_stand_ins

CHAT = "granite3.3:8b"


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def bundle():
    """The reference bundle, with one model placed on a machine of its fleet."""
    read = read_bundle(reference_directory())
    placed = PlacementTable(read.placement.machines, (Placement(CHAT, ("ma02", "ma01")),))
    return msgspec.structs.replace(only(read, [CHAT]), placement=placed)


def options(identity):
    return (
        *("--certificate", identity.certificate, "--key", identity.key),
        *("--authority", identity.authority),
    )


def test_machines_are_named_with_their_addresses(identity):
    asked = elsewhere("ma01=10.0.0.7:7443, ma02=gpu2.example", *identity_files(identity))
    assert asked.addresses == (("ma01", "10.0.0.7", 7443), ("ma02", "gpu2.example", 7443))
    assert elsewhere(None, None, None, None) is NOWHERE


def identity_files(identity):
    return identity.certificate, identity.key, identity.authority


@pytest.mark.parametrize(
    "text", ["ma01", "=host:1", "ma01=:7443", "ma01=host:port", "ma01=a:1,ma01=b:1"]
)
def test_what_is_no_address_is_refused(identity, text):
    with pytest.raises(typer.BadParameter):
        elsewhere(text, *identity_files(identity))


def test_machines_without_a_certificate_are_refused():
    with pytest.raises(typer.BadParameter, match="--certificate"):
        elsewhere("ma01=host:1", None, None, None)


def test_a_machine_of_no_fleet_is_refused_with_the_fleet(bundle, identity):
    asked = elsewhere("ma99=host:1", *identity_files(identity))
    with pytest.raises(CommandError, match="not in the catalogue's fleet: ma99"):
        remote_machines(asked, bundle)


def test_a_machine_has_the_memory_that_the_catalogue_says(bundle, identity):
    (machine,) = remote_machines(elsewhere("ma01=host:1", *identity_files(identity)), bundle)
    assert machine.memory_bytes == 2 * 80 * 2**30


@pytest.mark.timeout(180)
def test_a_model_is_served_from_the_machine_that_the_catalogue_names(
    start, llmaas, bundle, identity, tmp_path
):
    sha256 = read_manifest(reference_directory()).catalogue_sha256
    for name, text in bundle_files(bundle, catalogue_sha256=sha256).items():
        path = tmp_path / "bundle" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    far = tmp_path / "far"
    weights = weights_path(bundle.workers[0].weights, far / "weights")
    weights.parent.mkdir(parents=True)
    weights.write_bytes(make_stand_ins(tmp_path / "stand-ins").chat.read_bytes())
    token = llmaas("keys", "create", "--name", "x").out.strip()

    listening = ("--listen", "127.0.0.1:0", "--state-dir", far, "--json")
    worker = start("worker", *listening, *options(identity))
    machines = f"ma01=127.0.0.1:{worker.ready['port']}"
    service = start(
        *("serve", "--json", "--port", "0", "--bundle", tmp_path / "bundle"),
        *("--state-dir", tmp_path / "state", "--machines", machines, *options(identity)),
    )
    assert service.ready["models"] == [CHAT]
    hello = [{"role": "user", "content": "Hello!"}]
    client = service.client_with(token)
    answer = client.chat.completions.create(model=CHAT, messages=hello, max_tokens=5)
    assert answer.choices[0].message.content
    assert answer.backend["machine_name"] == "ma01"
    assert service.stop() == (Exit.OK, "")
    assert worker.stop()[0] == Exit.OK
