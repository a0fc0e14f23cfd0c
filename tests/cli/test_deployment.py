"""What one machine serves of a bundle."""

from datetime import date

import pytest

from llmaas.bundle import read_bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.model_ids import only, resolve_ids
from llmaas.cli.service import deployment as module
from llmaas.cli.service.deployment import deploy
from llmaas.reference import reference_directory
from llmaas.workers import weights_path
from llmaas.workers.stand_in import make_stand_ins

CHAT, SMALL = "granite3.3:8b", "granite3.3:2b"


@pytest.fixture(autouse=True)
def _in_july_2025(monkeypatch):
    monkeypatch.setattr(module, "today_of", lambda _service: lambda: date(2025, 7, 15))


@pytest.fixture(scope="module")
def bundle():
    return read_bundle(reference_directory())


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    return make_stand_ins(tmp_path_factory.mktemp("stand-ins"))


def put_weights(bundle, model: str, directory):
    (spec,) = only(bundle, [model]).workers
    path = weights_path(spec.weights, directory)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF")


def test_a_released_model_is_served_and_an_upcoming_one_is_not(bundle, stand_ins, tmp_path):
    deployed = deploy(bundle, weights_dir=tmp_path, stand_ins=stand_ins)
    released = {e.model for e in bundle.lifecycle if e.released_on <= date(2025, 7, 15)}
    assert set(deployed.models) | set(deployed.without_weights) == released
    assert set(deployed.stand_ins) == set(deployed.models)


def test_stand_ins_answer_for_every_model(bundle, stand_ins, tmp_path):
    assert deploy(bundle, weights_dir=tmp_path, stand_ins=stand_ins).without_weights == ()


def test_the_model_to_try_has_weights_of_its_own_where_one_has(bundle, stand_ins, tmp_path):
    assert deploy(bundle, weights_dir=tmp_path, stand_ins=stand_ins).example == CHAT
    put_weights(bundle, SMALL, tmp_path)
    deployed = deploy(bundle, weights_dir=tmp_path, stand_ins=stand_ins)
    assert deployed.example == SMALL
    assert SMALL not in deployed.stand_ins


def test_without_stand_ins_every_model_asked_for_needs_weights(bundle, tmp_path):
    put_weights(bundle, SMALL, tmp_path)
    assert deploy(only(bundle, [SMALL]), weights_dir=tmp_path, stand_ins=None).models == (SMALL,)
    with pytest.raises(CommandError, match="1 of 2 models have no weights") as refusal:
        deploy(only(bundle, [SMALL, CHAT]), weights_dir=tmp_path, stand_ins=None)
    assert refusal.value.exit_code is Exit.CANNOT_START


def test_a_service_of_nothing_is_refused(bundle, stand_ins, tmp_path):
    with pytest.raises(CommandError, match=r"no model can be called today\n"):
        deploy(only(bundle, []), weights_dir=tmp_path, stand_ins=stand_ins)


def test_a_service_of_retired_models_is_refused_with_their_successors(
    bundle, stand_ins, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "today_of", lambda _service: lambda: date(2026, 11, 21))
    with pytest.raises(CommandError) as refusal:
        deploy(only(bundle, ["qwen3:235b"]), weights_dir=tmp_path, stand_ins=stand_ins)
    assert refusal.value.message == (
        "no model can be called today: "
        "qwen3:235b was retired on 2026-02-22, its successor is qwen3:32b"
    )


def test_a_service_of_upcoming_models_is_refused_with_their_day(bundle, stand_ins, tmp_path):
    with pytest.raises(CommandError, match=r"qwen3-coder:30b is released on 2025-08-02\n"):
        deploy(only(bundle, ["qwen3-coder:30b"]), weights_dir=tmp_path, stand_ins=stand_ins)


def test_aliases_are_names_of_their_model(bundle):
    aliases = {alias: route.model for route in bundle.routing for alias in route.aliases}
    assert resolve_ids(bundle, aliases) == tuple(dict.fromkeys(aliases.values()))
    assert resolve_ids(bundle, [CHAT, CHAT]) == (CHAT,)


def test_a_narrowed_bundle_keeps_the_dates_of_successors(bundle):
    narrowed = only(bundle, [CHAT])
    assert [route.model for route in narrowed.routing] == [CHAT]
    assert [spec.pool for spec in narrowed.workers] == [CHAT]
    assert narrowed.lifecycle == bundle.lifecycle
