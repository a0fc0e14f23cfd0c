"""Audit events of the prompt-security layer: one line of JSON each, without a word of a prompt."""

import json
import logging
from datetime import date
from typing import TYPE_CHECKING, Any

from llmaas.gateway.context import Exchange, request_id

if TYPE_CHECKING:
    from llmaas.bundle import SecurityException
    from llmaas.gateway.guardian import Opinion
    from llmaas.security import Leak, Policy, Verdict
    from llmaas.security.verdict import Action

audit_log = logging.getLogger("llmaas.security.audit")


def audit_verdict(
    exchange: Exchange, verdict: "Verdict", policy: "Policy", *, characters: int, seconds: float
) -> None:
    """One event per request that was not simply let through."""
    _write(
        exchange,
        "prompt_security",
        verdict.action,
        score=round(verdict.score, 3),
        flag_at=policy.flag,
        block_at=policy.block,
        mode=policy.mode,
        exception=_told(exchange),
        location=verdict.location,
        findings=[
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
        characters=2 ** max(0, characters - 1).bit_length(),
        milliseconds=round(seconds * 1000, 1),
        degraded=verdict.degraded,
    )


def audit_leak(exchange: Exchange, leak: "Leak", action: "Action", choice: int) -> None:
    """One event per answer that gave something away."""
    _write(exchange, "prompt_security_output", action, leak=leak, choice=choice)


def audit_guardian(
    exchange: Exchange, action: "Action", model: str, said: "Opinion | Exception"
) -> None:
    """One event per prompt that a guardian found risky, or of which it had no opinion."""
    if isinstance(said, Exception):
        _write(exchange, "prompt_security_guardian", action, model=model, silent=str(said))
    else:
        certainty = round(said.certainty, 3)
        _write(exchange, "prompt_security_guardian", action, model=model, certainty=certainty)


def _write(exchange: Exchange, name: str, action: "Action", **more: Any) -> None:
    key = exchange.key
    event = {
        "event": name,
        "request_id": request_id(exchange.scope),
        "tenant": None if key is None else key.tenant,
        "key": None if key is None else key.id,
        "operation": exchange.operation,
        "action": action,
    }
    audit_log.warning("%s", json.dumps(event | more))


def _told(exchange: Exchange) -> dict[str, str] | None:
    """The exception under which a request was judged."""
    screening, key = exchange.gateway.screening, exchange.key
    if screening is None or key is None:
        return None
    granted = screening.exception_of(key.tenant, exchange.gateway.today())
    return None if granted is None else exception_details(granted)


def exception_details(exception: "SecurityException") -> dict[str, str]:
    """Who granted what, why and how long."""
    until: date = exception.until
    details = {"mode": exception.mode, "until": until.isoformat(), "reason": exception.reason}
    details["author"] = exception.author
    if exception.disabled_rules:
        details["disabled_rules"] = ",".join(exception.disabled_rules)
    for name, score in (("flag", exception.flag_score), ("block", exception.block_score)):
        if score is not None:
            details[name] = str(score)
    return details
