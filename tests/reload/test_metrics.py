"""Counters of operators outlive a change of the catalogue."""

from prometheus_client.parser import text_string_to_metric_families
from tests.reload.service import ADMIN, Live
from tests.reload.versions import STEADY


def _samples(service: Live, name: str) -> list[tuple[dict[str, str], float]]:
    with service.client(ADMIN) as client:
        families = text_string_to_metric_families(client.get("/metrics").text)
    return [(s.labels, s.value) for family in families for s in family.samples if s.name == name]


def test_requests_are_counted_across_a_change_of_the_catalogue(service: Live) -> None:
    body = {"model": STEADY, "prompt": "a", "max_tokens": 1}
    with service.client() as client:
        assert client.post("/v1/completions", json=body).status_code == 200
        ((before, _),) = _samples(service, "llmaas_bundle_info")
        service.apply(1)
        assert client.post("/v1/completions", json=body).status_code == 200
    ((after, _),) = _samples(service, "llmaas_bundle_info")
    assert before["catalogue"] != after["catalogue"]
    answered = [
        count
        for labels, count in _samples(service, "llmaas_requests_total")
        if labels["operation"] == "createCompletion"
    ]
    assert answered == [2]
    steady = [v for labels, v in _samples(service, "llmaas_pool_ready") if labels["pool"] == STEADY]
    assert steady == [1]
