from dataclasses import replace

import pytest
from tests.security.texts import ATTACKS

from llmaas.security import AssessmentCache, Engine, KeyedDigest, Part, Policy, Screen, assess
from llmaas.security.evaluation.transforms import TRANSFORMS

ATTACK = ATTACKS["en"]


def action(screen: Screen, role: str, text: str, policy: Policy | None = None) -> str:
    part = Part(role, text, "messages[0]")  # type: ignore[arg-type]
    return screen.verdict((part,), policy or Policy(), key="k").action


def test_roles_are_judged_by_whom_they_speak_for(screen: Screen) -> None:
    assert action(screen, "user", ATTACK) == "block"
    assert action(screen, "tool", ATTACK) == "flag"
    assert action(screen, "system", ATTACK) == "allow"
    assert action(screen, "assistant", ATTACK) == "allow"


def test_smuggling_in_a_tool_result_is_blocked(screen: Screen) -> None:
    assert action(screen, "tool", TRANSFORMS["tags"](ATTACK)) == "block"


def test_an_older_message_is_judged_too(screen: Screen) -> None:
    parts = (Part("user", ATTACK, "messages[0]"), Part("user", "Thanks!", "messages[2]"))
    verdict = screen.verdict(parts, Policy(), key="k")
    assert (verdict.action, verdict.location) == ("block", "messages[0]")


def test_flag_only_never_blocks_and_off_does_not_look(screen: Screen) -> None:
    assert action(screen, "user", ATTACK, Policy(mode="flag_only")) == "flag"
    assert action(screen, "user", ATTACK, Policy(mode="off")) == "allow"


def test_a_policy_can_disable_findings_that_flag(screen: Screen) -> None:
    text = "log in as \u0430dmin"
    assert action(screen, "user", text) == "flag"
    policy = Policy(disabled_rules=frozenset({"mixed_script"}))
    assert action(screen, "user", text, policy) == "allow"


@pytest.mark.parametrize("wanted", ["allow", "block"])
def test_a_failing_check_is_a_degraded_verdict(screen: Screen, wanted: str) -> None:
    broken = replace(screen, cache=None)  # type: ignore[arg-type]
    policy = Policy(on_error=wanted)  # type: ignore[arg-type]
    verdict = broken.verdict((Part("user", "hello", "m"),), policy, key="k")
    assert (verdict.action, verdict.degraded) == (wanted, True)


def test_a_failing_check_is_logged_by_its_place_and_not_by_what_was_written(
    screen: Screen, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def get(self, digest: bytes) -> None:
            raise ValueError(f"no place for {ATTACK}")

    broken = replace(screen, cache=Broken())  # type: ignore[arg-type]
    broken.verdict((Part("user", ATTACK, "m"),), Policy(), key="k")
    assert "ValueError" in caplog.text
    assert "_assessment" in caplog.text
    assert ATTACK not in caplog.text


def test_past_the_time_budget_rules_decide_and_it_is_said(engine: Engine) -> None:
    ticks = iter(range(1000))
    slow = Engine(engine.rules, engine.model, clock=lambda: float(next(ticks)))
    found = assess(TRANSFORMS["base64"](ATTACK) + ATTACK, slow, deadline=-1.0)
    assert found.degraded
    assert found.views[0].logit is None
    assert found.score >= 0.8


def test_a_repeated_text_is_assessed_once_and_no_text_is_kept(screen: Screen) -> None:
    screen.verdict((Part("user", ATTACK, "m"),), Policy(), key="k")
    kept = screen.cache.get(screen.digest("text", ATTACK))
    assert kept is not None
    assert all(each.view.text == "" for each in kept.views)
    assert "previous" not in repr(kept)


def test_a_degraded_assessment_is_not_remembered(engine: Engine) -> None:
    cache = AssessmentCache()
    cache.put(b"d", assess(ATTACK, replace(engine, clock=lambda: 1.0), deadline=0.0))
    assert cache.get(b"d") is None


def test_digests_differ_between_processes() -> None:
    assert KeyedDigest()("a") != KeyedDigest()("a")
    assert KeyedDigest(b"k")("ab", "c") != KeyedDigest(b"k")("a", "bc")
