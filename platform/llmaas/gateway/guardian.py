"""A guardian model of the catalogue, asked about prompts beside the rules.

It is asked through its pool like any model, but nobody is billed: no reservation, no ledger. Each
gateway asks about so many prompts at once; who waits longer than the policy says, or hears neither
yes nor no, has no opinion, and the policy says what that leads to.
"""

import asyncio
import logging
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import blake2b

from llmaas.bundle import Bundle, GuardianPolicy
from llmaas.gateway.context import WorkerPools
from llmaas.workers import GenerationFailed, ServedModel, WorkerUnavailable
from llmaas.workers.protocol import Delta, Generate, Sampling, TokenLogprob

OWNER = "guardian"
"""Whose turn it is in the worker's queue: no customer's, and never all the places."""
ANSWER_TOKENS = 8
ALTERNATIVES = 10
BYTES_PER_TOKEN = 2
"""So much of a prompt per token of context is shown; of a longer one its two ends."""
REMEMBERED = 10_000
"""Opinions that are kept by the digest of their prompt: an agent's loop sends one many times."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the guardian says of a prompt."""

    risky: bool
    certainty: float
    """Of its answer, between 0 and 1."""


class GuardianSilentError(Exception):
    """The guardian has no opinion, for this reason."""


class Guardian:
    """One gateway's way of asking it."""

    def __init__(
        self, policy: GuardianPolicy, workers: WorkerPools, pool: str, n_ctx: int, unfit: str | None
    ) -> None:
        """`unfit` is why it cannot be asked in this deployment."""
        self.policy = policy
        self._workers = workers
        self._pool = pool
        self._shown_bytes = (n_ctx - ANSWER_TOKENS) * BYTES_PER_TOKEN
        self._unfit = unfit
        self._turns = asyncio.Semaphore(policy.max_concurrent)
        self._key = secrets.token_bytes(32)
        self._opinions: OrderedDict[bytes, Opinion] = OrderedDict()
        self._later: set[asyncio.Task[None]] = set()

    async def ask(self, text: str, *, tenant: str) -> Opinion:
        """Its opinion of a prompt.

        Raises:
            GuardianSilentError: it has none.
        """
        data = text.encode("utf-8", "surrogatepass")
        digest = blake2b(data, digest_size=16, key=self._key).digest()
        if digest in self._opinions:
            self._opinions.move_to_end(digest)
            return self._opinions[digest]
        if self._unfit is not None:
            raise GuardianSilentError(self._unfit)
        try:
            async with asyncio.timeout(self.policy.timeout_s), self._turns:
                opinion = await self._answer(self._shown(text), tenant)
        except TimeoutError as error:
            raise GuardianSilentError(f"no answer in {self.policy.timeout_s} s") from error
        except WorkerUnavailable as error:
            raise GuardianSilentError(str(error)) from error
        except GenerationFailed as error:
            raise GuardianSilentError(error.failure.message) from error
        self._opinions[digest] = opinion
        while len(self._opinions) > REMEMBERED:
            self._opinions.popitem(last=False)
        return opinion

    def ask_later(
        self,
        text: str,
        *,
        tenant: str,
        told: Callable[[Opinion | GuardianSilentError], None],
    ) -> None:
        """Ask while the request goes on; `told` hears the answer."""
        if len(self._later) >= self.policy.max_concurrent:
            told(GuardianSilentError(f"{len(self._later)} prompts are asked about already"))
            return

        async def asking() -> None:
            try:
                told(await self.ask(text, tenant=tenant))
            except GuardianSilentError as error:
                told(error)
            except Exception:
                _log.exception("the guardian model could not be asked")

        task = asyncio.create_task(asking())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _answer(self, text: str, tenant: str) -> Opinion:
        request = Generate(
            stream=0,  # the lease numbers it
            messages=[{"role": "user", "content": text}],
            template_arguments={"guardian_config": {"risk_name": self.policy.risk}},
            thinking=False,
            max_tokens=ANSWER_TOKENS,
            sampling=Sampling(temperature=0),
            top_logprobs=ALTERNATIVES,
            tenant=tenant,
            owner=OWNER,
        )
        said, tokens = "", []
        async with (
            self._workers.lease(self._pool) as lease,
            aclosing(lease.generate(request)) as happening,
        ):
            async for event in happening:
                if isinstance(event, Delta):
                    said += event.content
                    tokens += event.logprobs
        return opinion_of(said, tokens)

    def _shown(self, text: str) -> str:
        data = text.encode("utf-8", "replace")
        if len(data) <= self._shown_bytes:
            return text
        half = self._shown_bytes // 2
        return "\n…\n".join(end.decode("utf-8", "ignore") for end in (data[:half], data[-half:]))


def opinion_of(said: str, tokens: list[TokenLogprob]) -> Opinion:
    """Read an answer that begins with yes or no.

    Raises:
        GuardianSilentError: it says neither.
    """
    word = "".join(c if c.isalpha() else " " for c in said.lower()).split()
    if not word or word[0] not in {"yes", "no"}:
        raise GuardianSilentError("it said neither yes nor no")
    likely = {"yes": 0.0, "no": 0.0}
    if tokens:
        for each in tokens[0].top:
            piece = each.token.decode("utf-8", "replace").strip().lower()
            for answer in likely:
                if piece and answer.startswith(piece):
                    likely[answer] += math.exp(each.logprob)
    total = sum(likely.values())
    return Opinion(word[0] == "yes", likely[word[0]] / total if total else 1.0)


def guardian_of(
    bundle: Bundle, workers: WorkerPools, deployment: Mapping[str, ServedModel]
) -> Guardian | None:
    """The guardian as a bundle wants it; `None` where it wants none."""
    policy = bundle.security.guardian
    if policy is None or not bundle.security.enabled:
        return None
    pools = {route.model: route.pool for route in bundle.routing}
    served = deployment.get(pools.get(policy.model, ""))
    unfit = None
    if served is None:
        unfit = "it has no weights here"
    elif served.stand_in:
        unfit = "stand-in weights cannot judge"
    n_ctx = 0 if served is None else served.spec.n_ctx
    return Guardian(policy, workers, pools.get(policy.model, ""), n_ctx, unfit)
