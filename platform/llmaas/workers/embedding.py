"""Embeddings: inputs of all waiting requests packed into batches, one normalised vector each."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from llmaas.workers.model import Batch, Context
from llmaas.workers.prompts import Inputs
from llmaas.workers.protocol import Embedded, Failed, ToGateway
from llmaas.workers.queueing import RequestQueue


@dataclass
class _Job:
    inputs: Inputs
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    """Of the first inputs; the next one to embed has this list's length for its index."""

    @property
    def remaining(self) -> tuple[NDArray[np.int32], ...]:
        return self.inputs.tokens[len(self.vectors) :]


class EmbeddingEngine:
    """The batch loop; first come first served, small requests share a batch.

    Args:
        context: owned by the loop.
        dimensions: components of a vector.
        requests: where inputs arrive.
        emit: takes answers; may block.
    """

    def __init__(
        self,
        context: Context,
        *,
        dimensions: int,
        requests: RequestQueue[Inputs],
        emit: Callable[[list[ToGateway]], None],
    ) -> None:
        self._context = context
        self._dimensions = dimensions
        self._requests = requests
        self._emit = emit
        self._batch = Batch(context.shape)
        self._jobs: deque[_Job] = deque()
        self._step_began: float | None = None

    @property
    def step_age_s(self) -> float | None:
        """How long the current batch has been running; `None` between requests. Any thread."""
        began = self._step_began
        return None if began is None else time.monotonic() - began

    @property
    def retry_after_s(self) -> int:
        """When a refused request is likely to find a place: batches are short."""
        return 1

    def run(self) -> None:
        """Serve until the process ends."""
        while True:
            for inputs in self._requests.take(wait=not self._jobs):
                self._jobs.append(_Job(inputs))
            self._step_began = time.monotonic()
            self._drop_cancelled()
            if self._jobs:
                self._step()
            if not self._jobs:
                self._step_began = None

    def _drop_cancelled(self) -> None:
        """A cancelled embedding needs no answer: it has no usage until it is complete."""
        for job in [j for j in self._jobs if self._requests.is_cancelled(j.inputs.stream)]:
            self._jobs.remove(job)
            self._requests.close(job.inputs.stream)

    def _step(self) -> None:
        owners = self._fill_batch()
        code = self._context.decode(self._batch)
        if code == 0:
            for seq_id, job in enumerate(owners):
                job.vectors.append(self._vector(seq_id))
        else:
            for job in {id(owner): owner for owner in owners}.values():
                self._jobs.remove(job)
                self._requests.close(job.inputs.stream)
                message = f"the engine failed in a step (llama_decode returned {code})"
                self._emit([Failed(job.inputs.stream, "internal_error", message)])
        self._context.clear()
        while self._jobs and not self._jobs[0].remaining:
            self._answer(self._jobs.popleft())

    def _fill_batch(self) -> list[_Job]:
        """Pack the next inputs in order; the position in the result is the sequence id."""
        self._batch.clear()
        owners: list[_Job] = []
        room = self._context.shape.n_batch
        for job in self._jobs:
            for tokens in job.remaining:
                if len(tokens) > room or len(owners) == self._context.shape.n_seq_max:
                    self._batch.all_outputs()
                    return owners
                self._batch.add(len(owners), tokens, 0, output=True)
                owners.append(job)
                room -= len(tokens)
        self._batch.all_outputs()
        return owners

    def _vector(self, seq_id: int) -> NDArray[np.float32]:
        pointer = llama.llama_get_embeddings_seq(self._context.handle, seq_id)
        vector = np.ctypeslib.as_array(pointer, shape=(self._dimensions,)).astype("<f4")
        length = np.linalg.norm(vector)
        return vector / length if length > 0 else vector

    def _answer(self, job: _Job) -> None:
        self._requests.close(job.inputs.stream)
        answer = Embedded(
            job.inputs.stream,
            vectors=np.stack(job.vectors).astype("<f4").tobytes(),
            dimensions=self._dimensions,
            prompt_tokens=job.inputs.prompt_tokens,
        )
        self._emit([answer])
