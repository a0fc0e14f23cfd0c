"""The prompt-security layer in front of every operation that carries text to a model.

Called after the model was found and before quota is reserved: what is refused is not billed, and a
refused stream has not begun. `client_texts` collects the texts of a request and `llmaas.security`
decides; this file moves long ones off the event loop and turns a verdict into an answer, a header
and an audit event.
"""

# ruff: noqa: PLC0415 - numpy is loaded where a layer runs, not where the API is described

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from llmaas.bundle import Bundle, SecurityPolicy
from llmaas.gateway.context import Exchange, request_id
from llmaas.gateway.errors import ApiError
from llmaas.gateway.output_check import OutputCheck, system_text
from llmaas.gateway.wire import ChatRequest, ErrorEnvelope

if TYPE_CHECKING:
    # Only a running layer needs numpy: `llmaas check` describes the API without it.
    from llmaas.security import (
        KeyedDigest,
        Leak,
        MemoryHistoryStore,
        Part,
        Policy,
        Screen,
        Step,
        Verdict,
    )
    from llmaas.security.shared_history import SharedHistory
    from llmaas.security.verdict import Action

CANARY_LENGTH = 16
FLAG_HEADER = "x-llmaas-security"
BLOCKED_MESSAGE = "Prompt blocked for security reasons"

audit_log = logging.getLogger("llmaas.security.audit")


class BlockedEnvelope(ErrorEnvelope):
    """The envelope of every error, and `detail`, which older clients of the service read."""

    detail: str | UnsetType = UNSET


class PromptBlockedError(ApiError):
    """The security layer refused the prompt. Which rule did is not said: it would be an oracle."""

    status = 403
    type = "prompt_security"
    code = "prompt_blocked"

    @property
    def envelope(self) -> BlockedEnvelope:
        """The body of the answer."""
        return BlockedEnvelope(error=super().envelope.error, detail=self.message)


@dataclass(frozen=True)
class Screening:
    """The layer of one bundle; `memory` outlives it."""

    screen: "Screen"
    default: "Policy"
    table: SecurityPolicy
    shared: "SharedHistory | None" = None

    def policy_of(self, tenant: str | None, day: date) -> "Policy":
        """The policy of a customer, with the exception granted to it that still holds."""
        for exception in self.table.exceptions:
            if exception.tenant == tenant and day <= exception.until:
                flag, block = exception.flag_score, exception.block_score
                return replace(
                    self.default,
                    mode=exception.mode,
                    flag=self.default.flag if flag is None else float(flag),
                    block=self.default.block if block is None else float(block),
                    disabled_rules=frozenset(exception.disabled_rules),
                )
        return self.default


@dataclass(frozen=True)
class ScreeningMemory:
    """What outlives a bundle: the history of keys, and texts seen before, under a random key."""

    store: "MemoryHistoryStore"
    digest: "KeyedDigest"
    shared: "SharedHistory | None" = None
    """Histories that other processes add to; `None` where this process is the only one."""

    @classmethod
    def fresh(cls, clock: Callable[[], float] = time.monotonic) -> "ScreeningMemory":
        """Nothing remembered yet."""
        from llmaas.security import KeyedDigest, MemoryHistoryStore

        return cls(MemoryHistoryStore(clock=clock), KeyedDigest())

    @classmethod
    def shared_by_processes(
        cls,
        url: str,
        *,
        secret: bytes,
        now_ms: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> "ScreeningMemory":
        """What other processes with the same secret remember in a Valkey or Redis."""
        from llmaas.security import KeyedDigest, MemoryHistoryStore
        from llmaas.security.shared_history import SharedHistory

        shared = SharedHistory(url, now_ms=now_ms, clock=clock)
        return cls(MemoryHistoryStore(clock=clock), KeyedDigest(secret), shared)

    async def close(self) -> None:
        """Let go of what is shared."""
        if self.shared is not None:
            await self.shared.close()


def screening_of(
    bundle: Bundle,
    memory: ScreeningMemory | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Screening | None:
    """The layer as a bundle wants it; `None` where it is switched off."""
    table = bundle.security
    if not table.enabled or not table.checks:
        return None
    from llmaas.security import AssessmentCache, Engine, Policy, RuleSet, Screen, packaged_model

    memory = memory or ScreeningMemory.fresh(clock)
    engine = Engine(
        rules=RuleSet(table.rules),
        model=packaged_model() if table.learned_signal else None,
        checks=frozenset(table.checks),
        clock=clock,
    )
    policy = Policy(
        checks=frozenset(table.checks),
        flag=float(table.flag_score),
        block=float(table.block_score),
        learned=table.learned_signal,
        fragment_action=table.fragment_action,
        repetition_limit=table.repetition_limit,
        repetition_window_s=table.repetition_window_s,
        repetition_action=table.repetition_action,
        on_error=table.on_error,
        canary_action=table.canary_action,
        system_prompt_action=table.system_prompt_action,
    )
    # Assessments depend on the rules, so their cache does not outlive the bundle.
    screen = Screen(engine, memory.store, AssessmentCache(), memory.digest)
    return Screening(screen, policy, table, memory.shared)


async def screen(exchange: Exchange, parts: "Sequence[Part]", *, user: str | None = None) -> None:
    """Let a request pass, flag it or refuse it.

    Raises:
        PromptBlockedError: it is refused.
    """
    screening = exchange.gateway.screening
    if screening is None or not parts:
        return
    from llmaas.security import LONG, HistoryUnavailableError, stronger

    key = exchange.key
    policy = screening.policy_of(None if key is None else key.tenant, exchange.gateway.today())
    began = time.perf_counter()
    length = sum(len(part.text) for part in parts)

    identity = ("" if key is None else key.id, user or "")
    try:
        step = await _shared_step(screening, parts, policy, identity)
        alone = False
    except HistoryUnavailableError:
        step, alone = None, True

    def decide() -> "Verdict":
        key, user = identity
        return screening.screen.verdict(parts, policy, key=key, user=user, shared=step)

    verdict = await asyncio.to_thread(decide) if length > LONG else decide()
    if alone:
        action = stronger(verdict.action, policy.failing)
        verdict = replace(verdict, action=action, degraded=True)
    exchange.verdict = verdict.action
    if verdict.action == "allow" and not verdict.degraded:
        return
    _audit(exchange, verdict, policy, length, time.perf_counter() - began)
    if verdict.action == "block":
        raise PromptBlockedError(BLOCKED_MESSAGE, param=verdict.location)
    if verdict.action == "flag":
        exchange.announce({FLAG_HEADER: "flagged"})


def output_check(exchange: Exchange, request: ChatRequest) -> OutputCheck | None:
    """What to look for in the answers to a conversation; `None` where nothing is."""
    screening, said = exchange.gateway.screening, system_text(request)
    if screening is None or not said:
        return None
    tenant = None if exchange.key is None else exchange.key.tenant
    policy = screening.policy_of(tenant, exchange.gateway.today())
    actions: dict[Leak, Action] = {
        "canary": policy.at_most(policy.canary_action),
        "system_prompt": policy.at_most(policy.system_prompt_action),
    }
    if set(actions.values()) == {"allow"}:
        return None
    # The same for all requests of a customer: another one each time would spoil computed prefixes.
    marker = screening.screen.digest("canary", tenant or "").hex()[:CANARY_LENGTH]
    return OutputCheck(
        canary=None if actions["canary"] == "allow" else marker,
        system_prompt=None if actions["system_prompt"] == "allow" else said,
        actions=actions,
        report=partial(_report_leak, exchange),
    )


def _report_leak(exchange: Exchange, leak: "Leak", action: "Action", choice: int) -> None:
    exchange.verdict = f"output_{action}"
    exchange.announce({FLAG_HEADER: "flagged"})
    event = _event(exchange, "prompt_security_output", action)
    audit_log.warning("%s", json.dumps(event | {"leak": leak, "choice": choice}))


async def _shared_step(
    screening: Screening, parts: "Sequence[Part]", policy: "Policy", identity: tuple[str, str]
) -> "Step | None":
    """What the newest prompt is among those that any process saw.

    Raises:
        HistoryUnavailableError: the store does not answer.
    """
    if screening.shared is None:
        return None
    sent = screening.screen.newest(parts, policy)
    if sent is None:
        return None
    name = screening.screen.identity(*identity)
    return await screening.shared.advance(name, sent, window_s=policy.repetition_window_s)


def _audit(
    exchange: Exchange, verdict: "Verdict", policy: "Policy", length: int, seconds: float
) -> None:
    """One event per request that was not simply let through. It holds no text of the prompt."""
    event = _event(exchange, "prompt_security", verdict.action) | {
        "score": round(verdict.score, 3),
        "flag_at": policy.flag,
        "block_at": policy.block,
        "mode": policy.mode,
        "location": verdict.location,
        "findings": [
            {
                "check": finding.check,
                "rule": finding.rule,
                "weight": finding.weight,
                "view": finding.view,
                "start": finding.start,
                "end": finding.end,
            }
            for finding in verdict.findings
        ],
        "characters": 2 ** max(0, length - 1).bit_length(),
        "milliseconds": round(seconds * 1000, 1),
        "degraded": verdict.degraded,
    }
    audit_log.warning("%s", json.dumps(event))


def _event(exchange: Exchange, name: str, action: "Action") -> dict[str, Any]:
    """What every audit event of the layer begins with."""
    key = exchange.key
    return {
        "event": name,
        "request_id": request_id(exchange.scope),
        "tenant": None if key is None else key.tenant,
        "key": None if key is None else key.id,
        "operation": exchange.operation,
        "action": action,
    }
