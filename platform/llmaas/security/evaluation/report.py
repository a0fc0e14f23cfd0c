"""Every figure of the prompt-security layer on a set of labelled prompts and sessions."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llmaas.security.assessment import Engine
from llmaas.security.cache import AssessmentCache, KeyedDigest
from llmaas.security.evaluation.items import LANGUAGES
from llmaas.security.evaluation.timing import latency
from llmaas.security.evaluation.transforms import TRANSFORMS
from llmaas.security.evaluation.wanted import wanted
from llmaas.security.history import MemoryHistoryStore
from llmaas.security.screening import Part, Screen
from llmaas.security.verdict import Policy, Verdict

_RATES = (0.001, 0.002, 0.005, 0.01, 0.02)
_TRANSFORMED_ATTACKS, _TRANSFORMED_BENIGN = 150, 300
_TRANSFORMED_LENGTH = 600
_SLICES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "french_typography": lambda item: item["kind"] == "fr_typography",
    "zh": lambda item: item["lang"] == "zh",
    "ja": lambda item: item["lang"] == "ja",
    "developer": lambda item: (
        item["kind"].startswith("dev_") or item["kind"] in {"code", "tool_result", "developer"}
    ),
    "over_defence": lambda item: (
        item["kind"].startswith("over_def") or item["kind"] in {"notinject", "xstest"}
    ),
    "unicode": lambda item: item["kind"] == "unicode" or item["kind"].startswith("benign_encoded"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with its verdict."""

    item: dict[str, Any]
    verdict: Verdict

    @property
    def caught(self) -> bool:
        """Flagged or blocked."""
        return bool(self.verdict.action != "allow")

    @property
    def blocked(self) -> bool:
        """Refused."""
        return self.verdict.action == "block"


def evaluate(
    items: Sequence[dict[str, Any]],
    engine: Engine,
    policy: Policy,
    *,
    with_latency: bool = True,
    with_transforms: bool = True,
    engine_of: Callable[[dict[str, Any]], Engine] | None = None,
) -> dict[str, Any]:
    """The whole report, as plain data.

    `engine_of` gives each item the engine that judges it: in cross-validation, one whose model
    has not seen the item.
    """
    chosen = engine_of or (lambda _item: engine)
    prompts = [item for item in items if "text" in item]
    sessions = [item for item in items if "prompts" in item]
    judged = [Judged(item, _alone(item["text"], chosen(item), policy)) for item in prompts]
    report: dict[str, Any] = {
        "items": {"prompts": len(prompts), "sessions": len(sessions)},
        "policy": {"flag": policy.flag, "block": policy.block},
        "recall": _recall(judged),
        "tiers": _by(judged, lambda item: f"{item['label']}/{item['tier']}"),
        "false_blocks": _false_blocks(judged),
        "transforms": _transforms(judged, chosen, policy) if with_transforms else {},
        "sessions": _sessions(sessions, chosen, policy),
        "errors": {
            "blocked_benign": [j.item["id"] for j in judged if j.blocked and _is_benign(j, "core")],
            "missed_explicit": [
                j.item["id"] for j in judged if not j.caught and j.item["tier"] == "explicit"
            ],
        },
    }
    if with_latency:
        report["latency"] = latency([i["text"] for i in prompts if i["label"] == "benign"], engine)
    report["wanted"] = wanted(report)
    return report


def _screen(engine: Engine) -> Screen:
    """A layer that has seen nothing yet."""
    store = MemoryHistoryStore(clock=engine.clock)
    return Screen(engine, store, AssessmentCache(1), KeyedDigest(b"evaluation"))


def _alone(text: str, engine: Engine, policy: Policy) -> Verdict:
    """A prompt as the only user message of a key that sent nothing before."""
    return _screen(engine).verdict((Part("user", text, "messages[0]"),), policy, key="evaluation")


def _is_benign(judged: Judged, tier: str) -> bool:
    return bool(judged.item["label"] == "benign" and judged.item["tier"] == tier)


def _share(chosen: Sequence[Judged], test: Callable[[Judged], bool]) -> float | None:
    return round(sum(map(test, chosen)) / len(chosen), 4) if chosen else None


def _recall(judged: Sequence[Judged]) -> dict[str, Any]:
    """Explicit attacks in the seven languages, at given false-positive rates on the benign core."""
    explicit = [j for j in judged if j.item["label"] == "attack" and j.item["tier"] == "explicit"]
    known = [j for j in explicit if j.item["lang"] in LANGUAGES]
    core = sorted((j.verdict.score for j in judged if _is_benign(j, "core")), reverse=True)
    thresholds = {rate: core[int(rate * len(core))] if core else 1.0 for rate in _RATES}
    one_percent = thresholds[0.01]
    return {
        "explicit_items": len(known),
        "core_items": len(core),
        "at_core_false_positive_rate": {
            str(rate): {
                "recall": _share(known, lambda j, t=threshold: j.verdict.score > t),  # type: ignore[misc]
                "threshold": round(threshold, 4),
            }
            for rate, threshold in thresholds.items()
        },
        "per_language_at_1_percent": {
            language: {
                "items": len(chosen),
                "recall": _share(chosen, lambda j: j.verdict.score > one_percent),
            }
            for language in LANGUAGES
            if (chosen := [j for j in known if j.item["lang"] == language])
        },
        "at_policy": {
            "caught": _share(known, lambda j: j.caught),
            "blocked": _share(known, lambda j: j.blocked),
            "core_flagged_or_blocked": _share(
                [j for j in judged if _is_benign(j, "core")], lambda j: j.caught
            ),
            "core_blocked": _share(
                [j for j in judged if _is_benign(j, "core")], lambda j: j.blocked
            ),
        },
        "per_language_at_policy": {
            language: {"items": len(chosen), "caught": _share(chosen, lambda j: j.caught)}
            for language in LANGUAGES
            if (chosen := [j for j in known if j.item["lang"] == language])
        },
    }


def _by(judged: Sequence[Judged], key: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    groups: dict[str, list[Judged]] = {}
    for each in judged:
        groups.setdefault(key(each.item), []).append(each)
    return {
        name: {
            "items": len(group),
            "caught": _share(group, lambda j: j.caught),
            "blocked": _share(group, lambda j: j.blocked),
        }
        for name, group in sorted(groups.items())
    }


def _false_blocks(judged: Sequence[Judged]) -> dict[str, Any]:
    """Benign core prompts that are refused (and flagged), per slice, language and kind."""
    core = [j for j in judged if _is_benign(j, "core")]
    return {
        "slices": {
            name: {
                "items": len(chosen),
                "blocked": _share(chosen, lambda j: j.blocked),
                "caught": _share(chosen, lambda j: j.caught),
            }
            for name, belongs in _SLICES.items()
            for chosen in [[j for j in core if belongs(j.item)]]
        },
        "languages": _by(core, lambda item: item["lang"]),
        "kinds": _by(core, lambda item: item["kind"]),
    }


def _transforms(
    judged: Sequence[Judged], engine_of: Callable[[dict[str, Any]], Engine], policy: Policy
) -> dict[str, Any]:
    """Detected attacks that stay detected, and benign prompts that get blocked, when disguised."""
    short = [
        j
        for j in judged
        if len(j.item["text"]) <= _TRANSFORMED_LENGTH and j.item["lang"] in LANGUAGES
    ]
    attacks = _sample(
        [
            j
            for j in short
            if j.caught and j.item["label"] == "attack" and j.item["tier"] == "explicit"
        ],
        _TRANSFORMED_ATTACKS,
    )
    benign = _sample(
        [j for j in short if not j.caught and _is_benign(j, "core")], _TRANSFORMED_BENIGN
    )
    report = {}
    for name, transform in TRANSFORMS.items():
        after = [_alone(transform(j.item["text"]), engine_of(j.item), policy) for j in attacks]
        harmless = [_alone(transform(j.item["text"]), engine_of(j.item), policy) for j in benign]
        report[name] = {
            "attacks": len(after),
            "still_detected": round(
                sum(v.action != "allow" for v in after) / max(1, len(after)), 4
            ),
            "still_blocked": round(sum(v.action == "block" for v in after) / max(1, len(after)), 4),
            "benign": len(harmless),
            "benign_blocked": round(
                sum(v.action == "block" for v in harmless) / max(1, len(harmless)), 4
            ),
        }
    return report


def _sample(chosen: list[Judged], count: int) -> list[Judged]:
    """The same items at every run, independent of their order."""
    return sorted(
        chosen, key=lambda j: hashlib.sha256(j.item["text"].encode("utf-8", "replace")).digest()
    )[:count]


def _sessions(
    sessions: Sequence[dict[str, Any]],
    engine_of: Callable[[dict[str, Any]], Engine],
    policy: Policy,
) -> dict[str, Any]:
    """Sequences of prompts of one key, one request each."""
    kinds: dict[str, dict[str, Any]] = {}
    alone = replace(policy, checks=policy.checks - {"check_behavior"})
    for session in sessions:
        row = kinds.setdefault(
            f"{session['label']}/{session['kind']}",
            {"sessions": 0, "caught": 0, "whole_text_detectable": 0, "caught_of_detectable": 0},
        )
        row["sessions"] += 1
        engine = engine_of(session)
        screen = _screen(engine)
        verdicts = [
            screen.verdict((Part("user", prompt, "messages[0]"),), policy, key="session")
            for prompt in session["prompts"]
        ]
        by_behaviour = any(
            finding.check == "check_behavior" for v in verdicts for finding in v.findings
        )
        # In a benign sequence a prompt that is caught alone is a false positive of its own.
        caught = by_behaviour or (
            session["label"] == "attack" and any(v.action != "allow" for v in verdicts)
        )
        row["caught"] += caught
        if session["label"] == "attack" and not session["kind"].startswith("repeat"):
            whole = any(
                _alone(" ".join(session["prompts"][start:]), engine, alone).action != "allow"
                for start in range(len(session["prompts"]) - 1)
            )
            row["whole_text_detectable"] += whole
            row["caught_of_detectable"] += whole and caught
    return kinds
