"""What the prompt-security layer remembers of a customer outlives a change of the catalogue."""

from tests.reload.service import Live
from tests.reload.versions import STEADY, bundle

LIMIT = bundle(0).security.repetition_limit


def test_identical_prompts_are_counted_across_a_change_of_the_catalogue(service: Live) -> None:
    body = {"model": STEADY, "prompt": "a", "max_tokens": 1}
    with service.client() as client:
        for _ in range(LIMIT - 1):
            answer = client.post("/v1/completions", json=body)
            assert answer.status_code == 200
            assert "x-llmaas-security" not in answer.headers
        before = answer.headers["x-llmaas-catalogue"]
        service.apply(1)
        answer = client.post("/v1/completions", json=body)
    assert answer.headers["x-llmaas-catalogue"] != before
    assert answer.headers["x-llmaas-security"] == "flagged"
