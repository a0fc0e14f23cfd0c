"""The prompt-security layer in front of every operation that carries text to a model.

Called after the model was found and before quota is reserved: what is refused is not billed, and a
refused stream has not begun. `client_texts` collects the texts of a request and `llmaas.security`
decides; this file asks what is outside of this process (the shared history, the guardian), moves
long texts off the event loop and turns a verdict into an answer and a header.
"""

# ruff: noqa: PLC0415 - numpy is loaded where a layer runs, not where the API is described

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType, structs

from llmaas.gateway.context import Exchange
from llmaas.gateway.errors import ApiError
from llmaas.gateway.guardian import Guardian, GuardianSilentError, Opinion
from llmaas.gateway.layer import Screening
from llmaas.gateway.output_check import OutputCheck, system_text
from llmaas.gateway.screening_audit import audit_guardian, audit_leak, audit_verdict
from llmaas.gateway.wire import ChatRequest, ErrorEnvelope

if TYPE_CHECKING:
    from llmaas.security import Leak, Part, Policy, Step, Verdict
    from llmaas.security.verdict import Action

CANARY_LENGTH = 16
FLAG_HEADER = "x-llmaas-security"
BLOCKED_MESSAGE = "Prompt blocked for security reasons"


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


async def screen(
    exchange: Exchange, parts: "Sequence[Part]", *, model: str, user: str | None = None
) -> None:
    """Let a request pass, flag it or refuse it.

    Args:
        exchange: the request.
        parts: its texts.
        model: which is to read them.
        user: the client's name for its user.

    Raises:
        PromptBlockedError: it is refused.
    """
    screening = exchange.gateway.screening
    if screening is None or not parts:
        return
    policy = screening.policy_of(_tenant(exchange), exchange.gateway.today())
    if policy.mode == "off":
        exchange.verdict = "off"
        return
    began = time.perf_counter()
    length = sum(len(part.text) for part in parts)
    verdict = await _verdict(exchange, screening, parts, policy, user=user or "", length=length)
    guardian = exchange.gateway.guardian
    if guardian is not None and guardian.policy.model != model:
        verdict = await _with_guardian(exchange, guardian, parts, policy, verdict)
    exchange.verdict = verdict.action
    if verdict.action == "allow" and not verdict.degraded:
        return
    seconds = time.perf_counter() - began
    audit_verdict(exchange, verdict, policy, characters=length, seconds=seconds)
    if verdict.action == "block":
        raise PromptBlockedError(BLOCKED_MESSAGE, param=verdict.location)
    if verdict.action == "flag":
        exchange.announce({FLAG_HEADER: "flagged"})


async def _verdict(
    exchange: Exchange,
    screening: Screening,
    parts: "Sequence[Part]",
    policy: "Policy",
    *,
    user: str,
    length: int,
) -> "Verdict":
    from llmaas.security import LONG, HistoryUnavailableError, stronger

    key = "" if exchange.key is None else exchange.key.id
    alone, step = False, None
    try:
        step = await _shared_step(screening, parts, policy, key, user)
    except HistoryUnavailableError:
        alone = True
    decide = partial(screening.screen.verdict, parts, policy, key=key, user=user, shared=step)
    verdict = await asyncio.to_thread(decide) if length > LONG else decide()
    if alone:
        action = stronger(verdict.action, policy.failing)
        verdict = structs.replace(verdict, action=action, degraded=True)
    return verdict


async def _shared_step(
    screening: Screening, parts: "Sequence[Part]", policy: "Policy", key: str, user: str
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
    name = screening.screen.identity(key, user)
    return await screening.shared.advance(name, sent, window_s=policy.repetition_window_s)


async def _with_guardian(
    exchange: Exchange,
    guardian: Guardian,
    parts: "Sequence[Part]",
    policy: "Policy",
    verdict: "Verdict",
) -> "Verdict":
    """The verdict with the guardian's word on the newest user message as one more find."""
    newest = next((part for part in reversed(parts) if part.role == "user" and part.text), None)
    if newest is None or verdict.action == "block":
        return verdict
    from llmaas.security import Finding, stronger

    asked, model = guardian.policy, guardian.policy.model
    tenant = _tenant(exchange) or ""
    if asked.ask == "afterwards":

        def told(said: Opinion | GuardianSilentError) -> None:
            if isinstance(said, GuardianSilentError) or said.risky:
                audit_guardian(exchange, "allow", model, said)

        guardian.ask_later(newest.text, tenant=tenant, told=told)
        return verdict
    try:
        opinion = await guardian.ask(newest.text, tenant=tenant)
    except GuardianSilentError as silence:
        failing = policy.at_most(asked.on_error)
        audit_guardian(exchange, failing, model, silence)
        action = stronger(verdict.action, failing)
        return structs.replace(verdict, action=action, location=newest.location, degraded=True)
    if not opinion.risky:
        return verdict
    found = Finding("guardian", asked.risk, "guardian", round(opinion.certainty, 3), flags=True)
    return structs.replace(
        verdict,
        action=stronger(verdict.action, policy.at_most(asked.action)),
        findings=(*verdict.findings, found),
        location=newest.location,
    )


def output_check(exchange: Exchange, request: ChatRequest) -> OutputCheck | None:
    """What to look for in the answers to a conversation; `None` where nothing is."""
    screening, said = exchange.gateway.screening, system_text(request)
    if screening is None or not said:
        return None
    tenant = _tenant(exchange)
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
    audit_leak(exchange, leak, action, choice)


def _tenant(exchange: Exchange) -> str | None:
    return None if exchange.key is None else exchange.key.tenant
