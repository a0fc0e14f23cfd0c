"""What limits tell a caller: headers with what is left, and errors that name the one in the way."""

import logging
import math

from llmaas.accounts import (
    ApiKey,
    Limit,
    LimiterUnavailableError,
    Refusal,
    Remaining,
    to_eur,
)
from llmaas.gateway.context import Exchange
from llmaas.gateway.errors import ApiError, InsufficientQuota, RateLimitExceeded, Unavailable

TRANSCRIPTION = "createTranscription"
"""The operation whose requests are not as large as their tokens."""

_log = logging.getLogger(__name__)


def key_of(exchange: Exchange) -> ApiKey:
    """The key of a request that was authenticated."""
    assert exchange.key is not None, "metering comes after authentication"
    return exchange.key


async def announce_limits(exchange: Exchange) -> None:
    """Put what is left now on the answer that follows."""
    gateway = exchange.gateway
    try:
        requests, tokens = await gateway.meter.remaining(key_of(exchange))
    except LimiterUnavailableError as error:
        # The answer is there and is paid for; it goes without these headers.
        _log.warning("what is left is not told: %s", error)
        return
    now_s = gateway.meter.accounts.clock_ms() / 1000
    exchange.announce(_headers("requests", requests, now_s) | _headers("tokens", tokens, now_s))


def _headers(what: str, left: Remaining | None, now_s: float) -> dict[str, str]:
    if left is None:
        return {}
    return {
        f"x-ratelimit-limit-{what}": str(left.limit),
        f"x-ratelimit-remaining-{what}": str(left.remaining),
        f"x-ratelimit-reset-{what}": str(math.ceil(now_s) + left.reset_s),
    }


async def refused(exchange: Exchange, refusal: Refusal) -> ApiError:
    """The error that names the limit and what to do, with what is left in its headers."""
    await announce_limits(exchange)
    whose = "this API key" if refusal.level == "key" else "this account"
    kind = InsufficientQuota if refusal.of_quota else RateLimitExceeded
    smaller = "a shorter recording" if exchange.operation == TRANSCRIPTION else "a lower max_tokens"
    return kind(f"{_reached(refusal, whose)} {_advice(refusal, smaller)}", refusal.retry_after_s)


def unanswered(error: LimiterUnavailableError) -> ApiError:
    """Nothing is admitted while nobody can say what is left."""
    _log.error("a request was refused: %s", error)
    return Unavailable("The limits of this account cannot be checked now. Try again in a moment.")


def _reached(refusal: Refusal, whose: str) -> str:
    left = max(0, refusal.allowed - refusal.used)
    match refusal.limit:
        case Limit.REQUESTS_PER_MINUTE:
            return f"The limit of {refusal.allowed} requests per minute of {whose} is reached."
        case Limit.OUTPUT_TOKENS_PER_HOUR | Limit.OUTPUT_TOKENS_PER_DAY:
            window = "hour" if refusal.limit is Limit.OUTPUT_TOKENS_PER_HOUR else "day"
            return (
                f"The request may use {refusal.asked} output tokens (max_tokens); of the "
                f"{refusal.allowed} per {window} of {whose}, {left} are left."
            )
        case Limit.MONTHLY_CAP:
            return (
                f"The request may cost {to_eur(refusal.asked).normalize():f} €; of the monthly cap "
                f"of {whose}, {to_eur(left).normalize():f} € are left."
            )
        case _:
            return (
                f"The request may cost {to_eur(refusal.asked).normalize():f} €; of the credit of "
                f"{whose}, {to_eur(left).normalize():f} € are left."
            )


def _advice(refusal: Refusal, smaller: str) -> str:
    if refusal.in_flight:
        return "Running requests hold the rest; try again in a moment."
    if refusal.limit is Limit.CREDIT:
        return f"Add credit, or send {smaller}."
    if refusal.limit is Limit.MONTHLY_CAP:
        return f"It begins anew with the next month; {smaller} may still fit."
    if refusal.limit is Limit.REQUESTS_PER_MINUTE:  # fewer tokens do not make fewer requests
        wait_s = refusal.retry_after_s
        return "It allows none." if wait_s is None else f"Try again in {wait_s} s."
    if refusal.retry_after_s is None:
        return f"Send {smaller}: a request may not be larger than the limit."
    return f"Try again in {refusal.retry_after_s} s, or send {smaller}."
