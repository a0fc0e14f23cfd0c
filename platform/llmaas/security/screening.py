"""A whole request through the layer: every text that a client controls, under one policy.

    texts → assess (cached per text) → pieces of one request joined → check_behavior → one Verdict

Synchronous; the gateway runs it in a thread when the request is long (`LONG`).
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from llmaas.bundle.folding import fold
from llmaas.security.assessment import Assessment, Engine, assess, without_rules
from llmaas.security.behavior import FRAGMENT_LENGTH, check_behavior, fragments, sent
from llmaas.security.cache import AssessmentCache, KeyedDigest
from llmaas.security.findings import Finding
from llmaas.security.history import TRACES, HistoryStore, Sent, Step
from llmaas.security.verdict import (
    ALLOWED,
    Action,
    Policy,
    Role,
    Verdict,
    strictest,
    stronger,
    weaker,
)

_log = logging.getLogger(__name__)

LONG = 16_000
"""Characters of a request from which screening it would be felt by other requests on the event
loop."""


class Part(msgspec.Struct, frozen=True):
    """One text of a request: who it speaks for and where it stands (`messages[2].content[0]`)."""

    role: Role
    text: str
    location: str


@dataclass(frozen=True)
class Screen:
    """The layer with its state: shared by all requests of a process."""

    engine: Engine
    store: HistoryStore
    cache: AssessmentCache
    digest: KeyedDigest

    def newest(self, parts: Sequence[Part], policy: Policy) -> Sent | None:
        """What a request adds to the history of its key; `None` where none is looked at."""
        users = _users(parts)
        watched = policy.mode != "off" and "check_behavior" in policy.checks
        return self._sent(users[-1]) if watched and users else None

    def verdict(
        self,
        parts: Sequence[Part],
        policy: Policy,
        *,
        key: str,
        user: str = "",
        shared: Step | None = None,
    ) -> Verdict:
        """Decide about a request of an API key (and its `user` field).

        Never raises: a failing check is a degraded verdict, as `policy.on_error` says.

        Args:
            parts: its texts.
            policy: of the customer.
            key: who sends it.
            user: for whom.
            shared: what `newest` is in a history that other processes add to; without it, the
                history of this process counts.
        """
        if policy.mode == "off" or not policy.checks:
            return ALLOWED
        try:
            found = self._verdict(parts, policy, self.identity(key, user), shared)
        except Exception as error:
            # Its type and its place: a message may hold a text.
            place = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a check failed with %s:\n%s", type(error).__name__, place)
            return Verdict(policy.failing, 0.0, degraded=True)
        if policy.mode == "flag_only":
            return Verdict(
                weaker(found.action, "flag"),
                found.score,
                found.findings,
                found.location,
                found.degraded,
            )
        return found

    def identity(self, key: str, user: str) -> bytes:
        """Under which name the history of a key (and user) is kept."""
        return self.digest("key", key, user)

    def _verdict(
        self, parts: Sequence[Part], policy: Policy, key: bytes, shared: Step | None
    ) -> Verdict:
        deadline = self.engine.clock() + policy.time_budget_s
        verdicts = [
            self._part(part, policy, deadline)
            for part in parts
            if part.text and policy.roles.get(part.role, "enforce") != "off"
        ]
        users = _users(parts)
        if "check_behavior" in policy.checks and users:
            verdicts.append(self._joined(users, policy))
            verdicts.append(self._sequence(users, policy, key, shared))
        return strictest(tuple(verdicts))

    def _part(self, part: Part, policy: Policy, deadline: float) -> Verdict:
        assessment = without_rules(
            self._assessment(part.text, deadline), policy.disabled_rules, self.engine
        )
        mode = policy.roles.get(part.role, "enforce")
        findings = _weighty(assessment)
        smuggles = any(f.family == "smuggling" and f.weight >= 0.5 for f in findings)
        action = _action(assessment.score, findings, policy)
        if mode == "flag_except_smuggling":
            action = "block" if smuggles else weaker(action, "flag")
        elif mode == "smuggling_only":
            action = "flag" if smuggles else "allow"
        return Verdict(action, assessment.score, findings, part.location, assessment.degraded)

    def _assessment(self, text: str, deadline: float) -> Assessment:
        digest = self.digest("text", text)
        known = self.cache.get(digest)
        if known is None:
            known = assess(text, self.engine, deadline=deadline)
            self.cache.put(digest, known)
        return known

    def _joined(self, users: Sequence[Part], policy: Policy) -> Verdict:
        """An attack in pieces over the messages and content parts of one request."""
        pieces = [
            fold(part.text) for part in users[-TRACES - 1 :] if len(part.text) <= FRAGMENT_LENGTH
        ]
        for end in range(2, len(pieces) + 1):
            crossing = fragments(pieces[:end], self.engine)
            if crossing is not None:
                return Verdict(policy.fragment_action, 0.9, (crossing,), users[-1].location)
        return ALLOWED

    def _sequence(
        self, users: Sequence[Part], policy: Policy, key: bytes, shared: Step | None
    ) -> Verdict:
        """The newest user message against what the key sent before."""
        newest = users[-1]
        here = self.store.advance(key, self._sent(newest), window_s=policy.repetition_window_s)
        findings = check_behavior(
            here if shared is None else shared,
            newest.text,
            self.engine,
            repetition_limit=policy.repetition_limit,
        )
        action: Action = "allow"
        for finding in findings:
            wanted = (
                policy.repetition_action
                if finding.rule == "identical_prompts"
                else policy.fragment_action
            )
            action = stronger(action, wanted)
        score = {"allow": 0.0, "flag": policy.flag, "block": 0.9}[action]
        return Verdict(action, score, findings, newest.location)

    def _sent(self, part: Part) -> Sent:
        return sent(part.text, self.digest("text", part.text), self.engine.rules.lexicon)


def _users(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.role == "user" and part.text]


def _weighty(assessment: Assessment) -> tuple[Finding, ...]:
    return tuple(finding for finding in assessment.findings if finding.weight > 0 or finding.flags)


def _action(score: float, findings: tuple[Finding, ...], policy: Policy) -> Action:
    if score >= policy.block:
        return "block"
    if score >= policy.flag or any(finding.flags for finding in findings):
        return "flag"
    return "allow"
