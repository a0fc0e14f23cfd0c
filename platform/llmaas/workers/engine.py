"""Text generation by continuous batching: one loop owns the context, sequences join and leave.

Each step decodes one batch: a row for every sequence that is generating, then prompt tokens of the
sequences that are not yet, in the order in which they joined, within a budget that bounds how long
a new prompt can hold up the others.

    waiting → prefill → decode → finished
       ↑        │         │
       └────────┴─────────┤            (makes room in a full memory, and comes back)
                          └→ cancelled | failed        (at the next step)
"""

import time
import traceback
from collections.abc import Callable, Iterable
from itertools import islice

from llmaas.workers.grammars import GrammarError
from llmaas.workers.grouping import best_groups
from llmaas.workers.image_batch import ImageBatch, image_batch
from llmaas.workers.kv_memory import KvMemory
from llmaas.workers.likelihoods import Likelihoods
from llmaas.workers.model import Batch, Context
from llmaas.workers.prompt_budget import PromptBudget
from llmaas.workers.prompts import Prompt
from llmaas.workers.protocol import (
    Delta,
    Failed,
    FailureCode,
    Finished,
    FinishReason,
    Started,
    ToGateway,
)
from llmaas.workers.queueing import RequestQueue
from llmaas.workers.sampling import Sampler
from llmaas.workers.sequences import Sequence
from llmaas.workers.text import OutputText, Text
from llmaas.workers.vocabulary import Vocabulary
from llmaas.workers.waiting import WaitingLine

MAX_WAITING = 64
"""Requests that may wait for a free sequence before new ones are refused as `overloaded`."""


class GenerationEngine:
    """The decode loop.

    Args:
        context: owned by the loop; nobody else may touch it.
        memory: the account of the context's KV memory.
        vocabulary: of the same model.
        requests: where prompts arrive.
        emit: takes the answers of a step; may block, which slows the loop down to what the gateway
            reads.
        step_costs: seconds of a decode step of 0, 1, 2 … rows, where they were measured.
    """

    def __init__(
        self,
        context: Context,
        memory: KvMemory,
        vocabulary: Vocabulary,
        requests: RequestQueue[Prompt],
        emit: Callable[[list[ToGateway]], None],
        *,
        budget: PromptBudget,
        step_costs: list[float] | None = None,
    ) -> None:
        self._context = context
        self._memory = memory
        self._vocabulary = vocabulary
        self._requests = requests
        self._emit = emit
        self._answers: list[ToGateway] = []
        """Of this step, until they are sent together."""
        self._budget = budget
        self._groups = best_groups(step_costs or [])
        # Rows and prompts in one go spare a GPU one reading of the weights. A split memory computes
        # them one after the other in any case; and on a CPU, a tile of attention in which a row
        # sits beside a prompt looks at the cells of both.
        self._together = not step_costs and context.shape.unified
        self._batch = Batch(context.shape)
        self._sequences: list[Sequence] = []  # in the order in which they joined
        self._waiting: WaitingLine[Sequence] = WaitingLine()
        self._seconds_of_answer = 1.0
        self._step_began: float | None = None

    @property
    def step_age_s(self) -> float | None:
        """How long the current step has been running; `None` between requests. Any thread."""
        began = self._step_began
        return None if began is None else time.monotonic() - began

    @property
    def retry_after_s(self) -> int:
        """When a refused request is likely to find a place. Any thread."""
        rounds = len(self._waiting) / self._context.shape.n_seq_max
        return max(1, min(60, round(rounds * self._seconds_of_answer)))

    def run(self) -> None:
        """Serve until the process ends."""
        busy = False
        while True:
            self._arrive(wait=not busy)
            self._step_began = time.monotonic()
            self._drop()
            self._join()
            self._send()
            busy = self._step()
            if not busy:
                self._step_began = None

    def _send(self) -> None:
        if self._answers:
            self._emit(self._answers)
            self._answers.clear()

    def _arrive(self, *, wait: bool) -> None:
        timeout_s = None
        if wait:
            deadlines = [at for s in self._everyone() if (at := s.deadline_at) is not None]
            timeout_s = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for prompt in self._requests.take(wait=wait, timeout_s=timeout_s):
            text = OutputText(
                stop=prompt.stop,
                markers=prompt.markers,
                starts_in_reasoning=prompt.starts_in_reasoning,
                calls=prompt.call_reader(),
            )
            self._waiting.add(Sequence(prompt, text, arrived_at=prompt.read_at))

    def _everyone(self) -> Iterable[Sequence]:
        return [*self._sequences, *self._waiting]

    def _drop(self) -> None:
        now = time.monotonic()
        for sequence in self._everyone():
            if self._requests.is_cancelled(sequence.stream):
                self._finish(sequence, "cancelled")
            elif (at := sequence.deadline_at) is not None and now >= at:
                message = (
                    f"not complete within the request's deadline of {at - sequence.arrived_at:g} s"
                )
                self._fail(sequence, "deadline_exceeded", message)

    def _join(self) -> None:
        while self._waiting and len(self._sequences) < self._context.shape.n_seq_max:
            sequence = self._waiting.next(self._sequences)
            if sequence is None:
                return
            if not self._memory.place(sequence, tokens_per_s=self._budget.tokens_per_s):
                return
            self._waiting.remove(sequence)
            self._sequences.append(sequence)
            if not sequence.started:
                sequence.started = True
                self._answers.append(Started(sequence.stream, len(sequence.prompt.tokens)))

    # One step

    def _step(self) -> bool:
        """Compute what can be; `False` when everyone waits for something."""
        speed = self._budget.tokens_per_s
        able = [s for s in self._sequences if self._memory.settle(s, tokens_per_s=speed)]
        rows = [s for s in able if s.decodes and self._has_credit(s)]
        pieces = self._pieces([s for s in able if not s.decodes], others_decode=bool(rows))
        if not rows and not pieces:
            return False
        seen = [piece for piece in pieces if piece[0].sees]
        pieces = [piece for piece in pieces if not piece[0].sees]
        if pieces and self._together:
            self._compute([*((sequence, 1) for sequence in rows), *pieces])
            rows, pieces = [], []
        if rows:
            self._decode(rows)
        if pieces:
            self._compute(pieces)
        for piece in seen:
            self._compute([piece])
        return True

    def _pieces(
        self, prompts: list[Sequence], *, others_decode: bool
    ) -> list[tuple[Sequence, int]]:
        """What this step takes of the prompts, in the order in which they joined."""
        pieces: list[tuple[Sequence, int]] = []
        left = self._budget.tokens(others_decode=others_decode, prompts=len(prompts))
        for sequence in prompts:
            count = min(left, sequence.run)
            if sequence.in_one_go and count < sequence.run:
                # What sees all of itself cannot wait for its other half: it is taken alone.
                count = 0 if pieces else sequence.run
            if count > 0:
                pieces.append((sequence, count))
                left -= count
        return pieces

    def _decode(self, rows: list[Sequence]) -> None:
        """One token for each, in the groups in which that is fastest."""
        began = time.monotonic()
        rows.sort(key=_by_id)
        remaining = iter(rows)
        for size in self._groups[len(rows)] if len(rows) < len(self._groups) else (len(rows),):
            self._compute([(sequence, 1) for sequence in islice(remaining, size)])
        self._budget.measured(
            prompt_tokens=0, decode_rows=len(rows), seconds=time.monotonic() - began
        )

    def _has_credit(self, sequence: Sequence) -> bool:
        return sequence.deltas_sent < self._requests.credit(sequence.stream)

    def _compute(self, chunks: list[tuple[Sequence, int]]) -> None:
        """Decode one batch and sample where it reached the end of what is known."""
        # A batch of the same step may have needed the room of one of these.
        chunks = self._that_fit([chunk for chunk in chunks if chunk[0].seq_id is not None])
        if not chunks:
            return
        batch = self._batch_of(chunks)
        began = time.monotonic()
        code = self._context.decode(batch)
        if code != 0:
            self._fail_step(code)
            return
        rows = sum(1 for _, count in chunks if count == 1)
        if rows < len(chunks):
            self._budget.measured(
                prompt_tokens=sum(count for _, count in chunks) - rows,
                decode_rows=rows,
                seconds=time.monotonic() - began,
            )
        for sequence, count in chunks:
            self._memory.filled(sequence, count)
        for sequence, _ in chunks:
            if sequence.output_index >= 0:
                self._go_on(sequence)
        self._send()

    def _batch_of(self, chunks: list[tuple[Sequence, int]]) -> Batch | ImageBatch:
        """Texts together, or one image by itself."""
        if chunks[0][0].sees:
            sequence, count = chunks[0]
            batch, index = image_batch(sequence, count)
            sequence.output_index = index
            return batch
        self._batch.clear()
        # In the order of their ids, which a split KV memory needs to take them in one go.
        for sequence, count in sorted(chunks, key=lambda chunk: _by_id(chunk[0])):
            start, end = sequence.n_past, sequence.n_past + count
            last = count == sequence.pending
            assert sequence.seq_id is not None
            index = self._batch.add(
                sequence.seq_id,
                sequence.tokens[start:end],
                sequence.prompt.layout.position(start),
                output=last,
            )
            sequence.output_index = index if last else -1
        return self._batch

    def _that_fit(self, chunks: list[tuple[Sequence, int]]) -> list[tuple[Sequence, int]]:
        """Make room; where that is not enough, the youngest sequence waits for it again."""
        while not self._memory.make_room(sum(count for _, count in chunks)):
            youngest = self._sequences[-1]
            assert len(self._sequences) > 1, "one sequence always fits"
            self._sequences.remove(youngest)
            self._memory.release(youngest, keep=False)
            youngest.awaits, youngest.n_past = None, 0
            self._waiting.add(youngest, first=True)
            chunks = [chunk for chunk in chunks if chunk[0] is not youngest]
        return chunks

    def _go_on(self, sequence: Sequence) -> None:
        try:
            token = self._sample(sequence)
        except GrammarError as error:
            self._fail(sequence, "invalid_request", str(error))
        except Exception:
            # One request must not end the others'.
            traceback.print_exc()
            message = "the worker failed to choose a token; its log says why"
            self._fail(sequence, "internal_error", message)
        else:
            self._accept(sequence, token)

    def _sample(self, sequence: Sequence) -> int:
        handle, index = self._context.handle, sequence.output_index
        sampler = sequence.sampler
        if sampler is None:
            prompt = sequence.prompt
            sampler = sequence.sampler = Sampler(
                prompt.sampling,
                self._vocabulary,
                n_ctx=self._context.shape.n_ctx,
                grammar=prompt.grammar,
            )
        top = sequence.prompt.top_logprobs
        if top is None:
            return sampler.sample(handle, index, bound=not sequence.text.thinking)
        row = sampler.row(handle, index)
        likelihoods = Likelihoods(row, top)
        token = sampler.sample(handle, index, bound=not sequence.text.thinking)
        logprob = likelihoods.of(token, self._vocabulary, logit=float(row[token]))
        sequence.logprobs.append(logprob)
        return token

    def _accept(self, sequence: Sequence, token: int) -> None:
        sequence.append(token)
        sequence.completion_tokens += 1
        if self._vocabulary.ends_generation(token) and not sequence.prompt.sampling.ignore_eos:
            if sequence.logprobs:
                sequence.logprobs.pop()  # the end is no part of the text
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

    def _emit_text(self, sequence: Sequence, text: Text, *, final: bool = False) -> None:
        # Text that is held back takes the log probabilities of its tokens along; at the end, those
        # of bytes that never became a character are left.
        if text or (sequence.logprobs and final):
            delta = Delta(
                sequence.stream,
                text.content,
                text.reasoning,
                sequence.completion_tokens,
                sequence.logprobs,
                list(text.tool_calls),
            )
            if sequence.prompt.whole:
                sequence.unsent.append(delta)
            else:
                self._answers.append(delta)
                sequence.deltas_sent += 1
            if sequence.logprobs:
                sequence.logprobs = []

    # Endings

    def _finish(self, sequence: Sequence, reason: FinishReason) -> None:
        if sequence.text.stopped:
            sequence.logprobs.clear()  # a stop string is no part of the text either
        self._emit_text(sequence, sequence.text.finish(), final=True)
        if sequence.unsent:
            self._answers.append(_joined(sequence.unsent))
        self._leave(sequence)
        if reason != "cancelled":
            seconds = time.monotonic() - sequence.arrived_at
            self._seconds_of_answer += 0.1 * (seconds - self._seconds_of_answer)
        self._answers.append(Finished(sequence.stream, reason, sequence.usage))

    def _fail(self, sequence: Sequence, code: FailureCode, message: str) -> None:
        self._leave(sequence)
        self._answers.append(Failed(sequence.stream, code, message, usage=sequence.usage))

    def _fail_step(self, code: int) -> None:
        """Which sequence a failed step is to blame on is unknown, so all of them end."""
        message = f"the engine failed in a step (llama_decode returned {code})"
        for sequence in list(self._sequences):
            self._fail(sequence, "internal_error", message)
        self._memory.clear()

    def _leave(self, sequence: Sequence) -> None:
        if sequence.seq_id is None:
            self._waiting.remove(sequence)
        else:
            self._memory.release(sequence, keep=True)
            self._sequences.remove(sequence)
        if sequence.sampler is not None:
            sequence.sampler.close()
        self._requests.close(sequence.stream)


def _joined(deltas: list[Delta]) -> Delta:
    """One delta of several, in their order."""
    return Delta(
        deltas[-1].stream,
        "".join(delta.content for delta in deltas),
        "".join(delta.reasoning for delta in deltas),
        deltas[-1].completion_tokens,
        [each for delta in deltas for each in delta.logprobs],
        [each for delta in deltas for each in delta.tool_calls],
    )


def _by_id(sequence: Sequence) -> int:
    assert sequence.seq_id is not None
    return sequence.seq_id
