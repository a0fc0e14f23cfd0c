"""One generation: what was read, what was computed, what was said."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from llmaas.workers.layout import TEXT_ONLY
from llmaas.workers.prompts import Prompt
from llmaas.workers.protocol import Delta, TokenLogprob, Usage
from llmaas.workers.sampling import Sampler
from llmaas.workers.text import OutputText


@dataclass(eq=False)
class Sequence:
    """A generation from its arrival to its last answer.

    Its tokens are the prompt and what was sampled; the first `n_past` of them are in the KV memory.
    Prefill and decode differ only in how many are not: a sequence that had to make room has its
    whole text computed again and goes on where it was.
    """

    prompt: Prompt
    text: OutputText
    arrived_at: float
    seq_id: int | None = None
    """In the KV memory; `None` while it waits."""
    sampler: Sampler | None = None
    n_past: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    started: bool = False
    """`Started` was sent."""
    awaits: tuple["Sequence", int] | None = None
    """Another one computes so many tokens that are this one's as well."""
    deltas_sent: int = 0
    unsent: list[Delta] = field(default_factory=list)
    """Of an answer that is sent as a whole."""
    logprobs: list[TokenLogprob] = field(default_factory=list)
    """Of tokens whose text was not sent yet."""
    output_index: int = -1
    """Where this step's logits are, in the batch; -1 without."""
    _tokens: NDArray[np.int32] = field(init=False)
    _length: int = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = self.prompt.tokens
        self._length = len(self.prompt.tokens)

    @property
    def stream(self) -> int:
        """Where it is answered."""
        return self.prompt.stream

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.prompt.owner

    @property
    def priority(self) -> int:
        """Lower goes first."""
        return self.prompt.priority

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Prompt and answer so far."""
        return self._tokens[: self._length]

    @property
    def pending(self) -> int:
        """Tokens that are not in the KV memory yet; at least one, until it ends."""
        return self._length - self.n_past

    @property
    def decodes(self) -> bool:
        """Whether its next step is one row that gives a token."""
        return self.pending == 1 and not self.sees

    @property
    def run(self) -> int:
        """How many of the pending ones are of one kind: of a text, or of one image."""
        return self.prompt.layout.run_end(self.n_past, self._length) - self.n_past

    @property
    def sees(self) -> bool:
        """Whether an image comes next."""
        layout = self.prompt.layout
        return layout is not TEXT_ONLY and layout.span_at(self.n_past) is not None

    @property
    def in_one_go(self) -> bool:
        """Whether what comes next can only be computed as a whole."""
        span = self.prompt.layout.span_at(self.n_past)
        return span is not None and not span.causal

    @property
    def deadline_at(self) -> float | None:
        """When the answer has to be complete."""
        limit = self.prompt.deadline_s
        return None if limit is None else self.arrived_at + limit

    @property
    def usage(self) -> Usage:
        """Token counts so far."""
        return Usage(
            prompt_tokens=len(self.prompt.tokens),
            completion_tokens=self.completion_tokens,
            reasoning_tokens=self.reasoning_tokens,
            cached_tokens=self.cached_tokens,
            image_tokens=self.prompt.image_tokens,
        )

    def append(self, token: int) -> None:
        """One more sampled token."""
        if self._length == len(self._tokens):
            grown = np.empty(self._length + max(256, self._length // 2), np.int32)
            grown[: self._length] = self._tokens
            self._tokens = grown
        self._tokens[self._length] = token
        self._length += 1
