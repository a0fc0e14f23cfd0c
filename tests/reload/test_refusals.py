"""What cannot be served is refused with the reason, and what was served goes on."""

import msgspec
from tests.gateway.a_bundle import make_bundle
from tests.reload.service import ADMIN, Live
from tests.reload.versions import STAMPS, TALK, bundle, letter, sha

from llmaas.bundle import bundle_files
from llmaas.cli.service.control import Refused, Served
from llmaas.gateway import CATALOGUE


def says(service: Live) -> tuple[int, str]:
    body = {"model": TALK, "prompt": "a", "max_tokens": 1, "temperature": 0}
    with service.client() as client:
        answer = client.post("/v1/completions", json=body)
    return STAMPS[answer.headers[CATALOGUE]], answer.json()["choices"][0]["text"]


def test_a_model_that_does_not_load_keeps_the_version_before_and_says_why(service: Live) -> None:
    assert says(service) == (0, letter(0))
    pids, current = service.pids(), service.store.current
    answer = service.ask(service.publish(4, broken=True))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith(f"{TALK}: ")
    assert says(service) == (0, letter(0))
    assert service.pids() == pids
    assert service.store.current == current
    with service.client(ADMIN) as client:
        told = client.get("/admin/v1/bundle").json()
    assert told["catalogue_sha256"] == sha(0)
    assert told["refused"]["catalogue_sha256"] == sha(4)
    assert told["refused"]["reason"] == answer.reason
    last = service.store.history()[-1]
    assert (last.outcome, last.action, last.reason) == ("refused", "apply", answer.reason)


def test_an_altered_bundle_is_refused(service: Live) -> None:
    published = service.publish(2)
    tables = service.store.directory(published) / "routing.json"
    tables.write_text(tables.read_text().replace("version/2", "version/3"))
    answer = service.ask(published)
    assert isinstance(answer, Refused)
    assert "altered" in answer.reason
    assert says(service) == (0, letter(0))
    # Published again, it is whole again.
    assert isinstance(service.ask(service.publish(2)), Served)
    assert says(service) == (2, letter(2))


def test_a_bundle_that_is_not_there_is_refused(service: Live) -> None:
    answer = service.ask("000000000000-00000000")
    assert isinstance(answer, Refused)
    assert "no manifest.json" in answer.reason


def test_another_time_zone_needs_a_restart_and_is_refused(service: Live) -> None:
    moved = msgspec.structs.replace(make_bundle().service, time_zone="Asia/Tokyo")
    made = msgspec.structs.replace(bundle(2), service=moved)
    published = service.store.publish(bundle_files(made, catalogue_sha256=sha(2)), catalogue=None)
    answer = service.ask(published)
    assert isinstance(answer, Refused)
    assert "Asia/Tokyo" in answer.reason
    assert says(service) == (0, letter(0))


def test_a_rollback_serves_what_was_before_and_another_one_goes_back(service: Live) -> None:
    first = service.store.current
    second = service.apply(2).bundle
    assert says(service) == (2, letter(2))
    # The first was put in place before the service started, so the history begins with the second.
    assert isinstance(service.ask(str(first), "rollback"), Served)
    assert says(service) == (0, letter(0))
    assert service.store.before(first) == second
    assert isinstance(service.ask(second, "rollback"), Served)
    assert service.store.before(second) == first
    assert [entry.action for entry in service.store.history()] == ["apply", "rollback", "rollback"]


def test_operators_see_what_is_served_and_what_was_before(service: Live) -> None:
    service.apply(2)
    with service.client(ADMIN) as client:
        told = client.get("/admin/v1/bundle").json()
    assert (told["catalogue_sha256"], told["previous"]["catalogue_sha256"]) == (sha(2), sha(0))


def test_the_same_bundle_again_touches_nothing(service: Live) -> None:
    assert says(service) == (0, letter(0))
    pids = service.pids()
    answer = service.apply(0)
    assert answer.started == ()
    assert service.pids() == pids
