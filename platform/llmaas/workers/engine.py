"""Text generation by continuous batching: one loop owns the context, sequences join and leave.

Each step decodes one batch: a row for every sequence that is generating, then prompt tokens of the
sequences that are not yet, first come first served, within a budget. The budget bounds how long a
new prompt can hold up the others.

    waiting → prefill → decode → finished
        └────────┴─────────┴──→ cancelled | failed        (leaves at the next step)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np

from llmaas.workers.model import Batch, Context
from llmaas.workers.prompts import Prompt
from llmaas.workers.protocol import (
    Delta,
    Failed,
    Finished,
    FinishReason,
    Started,
    ToGateway,
    Usage,
)
from llmaas.workers.queueing import RequestQueue
from llmaas.workers.sampling import Sampler
from llmaas.workers.text import OutputText, Text
from llmaas.workers.vocabulary import Vocabulary

MAX_WAITING = 64
"""Requests that may wait for a free sequence before new ones are refused as `overloaded`."""


@dataclass
class Sequence:
    """One generation that has joined the context."""

    seq_id: int
    prompt: Prompt
    sampler: Sampler
    text: OutputText
    n_past: int = 0
    """Tokens of it in the KV memory."""
    last_token: int | None = None
    """Sampled and not yet decoded; `None` during the prefill."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    output_index: int = field(default=-1)
    """Where this step's logits are, in the batch; -1 without."""

    @property
    def usage(self) -> Usage:
        """Token counts so far."""
        return Usage(
            prompt_tokens=len(self.prompt.tokens),
            completion_tokens=self.completion_tokens,
            reasoning_tokens=self.reasoning_tokens,
        )


class GenerationEngine:
    """The decode loop.

    Args:
        context: owned by the loop; nobody else may touch it.
        vocabulary: of the same model.
        requests: where prompts arrive.
        emit: takes answers; may block, which slows the loop down to what the gateway reads.
    """

    def __init__(
        self,
        context: Context,
        vocabulary: Vocabulary,
        requests: RequestQueue[Prompt],
        emit: Callable[[ToGateway], None],
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._requests = requests
        self._emit = emit
        self._batch = Batch(context.shape)
        self._prompt_budget = context.shape.n_batch - context.shape.n_seq_max
        self._sequences: list[Sequence] = []  # in the order in which they joined
        self._free_ids = list(range(context.shape.n_seq_max))
        heapify(self._free_ids)
        self._step_began: float | None = None

    @property
    def step_age_s(self) -> float | None:
        """How long the current step has been running; `None` between requests. Any thread."""
        began = self._step_began
        return None if began is None else time.monotonic() - began

    def run(self) -> None:
        """Serve until the process ends."""
        while True:
            self._join()
            self._step_began = time.monotonic()
            self._drop_cancelled()
            if self._sequences:
                self._step()
            if not self._sequences:
                self._step_began = None

    def _join(self) -> None:
        arrived = self._requests.take(len(self._free_ids), wait=not self._sequences)
        for prompt in arrived:
            sequence = Sequence(
                # The lowest free id: llama.cpp batches consecutive ids of a split memory together.
                seq_id=heappop(self._free_ids),
                prompt=prompt,
                sampler=Sampler(
                    prompt.sampling,
                    n_vocab=self._vocabulary.n_vocab,
                    n_ctx=self._context.shape.n_ctx,
                ),
                text=OutputText(
                    stop=prompt.stop,
                    markers=prompt.markers,
                    starts_in_reasoning=prompt.starts_in_reasoning,
                ),
            )
            self._sequences.append(sequence)
            self._emit(Started(prompt.stream, len(prompt.tokens)))

    def _drop_cancelled(self) -> None:
        for prompt in self._requests.withdraw_cancelled():
            self._requests.close(prompt.stream)
            usage = Usage(prompt_tokens=len(prompt.tokens), completion_tokens=0)
            self._emit(Finished(prompt.stream, "cancelled", usage))
        for sequence in list(self._sequences):
            if self._requests.is_cancelled(sequence.prompt.stream):
                self._finish(sequence, "cancelled")

    def _step(self) -> None:
        self._fill_batch()
        code = self._context.decode(self._batch)
        if code != 0:
            self._fail_step(code)
            return
        for sequence in list(self._sequences):
            if sequence.output_index >= 0:
                token = sequence.sampler.sample(self._context.handle, sequence.output_index)
                self._accept(sequence, token)

    def _fill_batch(self) -> None:
        chunks: dict[int, int] = {}
        budget = self._prompt_budget
        for sequence in self._sequences:
            if sequence.last_token is not None:
                chunks[sequence.seq_id] = 1
            else:
                chunk = min(budget, len(sequence.prompt.tokens) - sequence.n_past)
                chunks[sequence.seq_id] = chunk
                budget -= chunk
        self._batch.clear()
        # In the order of their ids, which a split KV memory needs to take them in one go.
        for sequence in sorted(self._sequences, key=lambda sequence: sequence.seq_id):
            self._add(sequence, chunks[sequence.seq_id])

    def _add(self, sequence: Sequence, count: int) -> None:
        sequence.output_index = -1
        if count == 0:
            return
        if sequence.last_token is not None:
            tokens = np.array([sequence.last_token], np.int32)
            last = True
        else:
            tokens = sequence.prompt.tokens[sequence.n_past : sequence.n_past + count]
            last = sequence.n_past + count == len(sequence.prompt.tokens)
        index = self._batch.add(sequence.seq_id, tokens, sequence.n_past, output=last)
        sequence.n_past += count
        if last:
            sequence.output_index = index

    def _accept(self, sequence: Sequence, token: int) -> None:
        sequence.last_token = token
        sequence.completion_tokens += 1
        if self._vocabulary.ends_generation(token):
            self._finish(sequence, "stop")
            return
        was_thinking = sequence.text.thinking
        text = sequence.text.feed(self._vocabulary.piece(token))
        if was_thinking or sequence.text.thinking:
            sequence.reasoning_tokens += 1
        self._emit_text(sequence, text)
        if sequence.text.stopped:
            self._finish(sequence, "stop")
        elif sequence.completion_tokens >= sequence.prompt.max_tokens:
            self._finish(sequence, "length")

    def _emit_text(self, sequence: Sequence, text: Text) -> None:
        if text:
            self._emit(
                Delta(sequence.prompt.stream, content=text.content, reasoning=text.reasoning)
            )

    def _finish(self, sequence: Sequence, reason: FinishReason) -> None:
        self._emit_text(sequence, sequence.text.finish())
        self._leave(sequence)
        self._emit(Finished(sequence.prompt.stream, reason, sequence.usage))

    def _fail_step(self, code: int) -> None:
        """Which sequence a failed step is to blame on is unknown, so all of them end."""
        for sequence in list(self._sequences):
            self._leave(sequence)
            message = f"the engine failed in a step (llama_decode returned {code})"
            self._emit(Failed(sequence.prompt.stream, "internal_error", message))
        self._context.clear()

    def _leave(self, sequence: Sequence) -> None:
        self._context.free_sequence(sequence.seq_id)
        sequence.sampler.close()
        self._sequences.remove(sequence)
        heappush(self._free_ids, sequence.seq_id)
        self._requests.close(sequence.prompt.stream)
