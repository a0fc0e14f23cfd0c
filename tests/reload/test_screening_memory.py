"""What the prompt-security layer remembers of a customer outlives a change of the catalogue."""

from pathlib import Path

import redis
from tests.reload.service import Live, live
from tests.reload.versions import STEADY, bundle
from tests.valkey import running_valkey

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


def test_a_service_with_windows_keeps_the_history_where_others_see_it(
    tmp_path: Path, weights_dir: Path
) -> None:
    body = {"model": STEADY, "prompt": "a", "max_tokens": 1}
    with running_valkey(tmp_path) as url, redis.Redis.from_url(url) as server:
        with live(tmp_path, weights_dir, windows=url) as service:
            with service.client() as client:
                for _ in range(LIMIT - 2):
                    client.post("/v1/completions", json=body)
            service.apply(1)
        assert server.hlen("llmaas:{history}") == 1
        second = tmp_path / "second"
        second.mkdir()
        (second / "accounts.db").write_bytes((tmp_path / "accounts.db").read_bytes())
        with live(second, weights_dir, windows=url) as other, other.client(service.token) as client:
            answers = [client.post("/v1/completions", json=body) for _ in range(2)]
    assert [a.headers.get("x-llmaas-security") for a in answers] == [None, "flagged"]
