"""How the next token of one sequence is chosen."""

import ctypes
import math
import secrets
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from llmaas.workers.grammars import CompiledGrammar, GrammarState
from llmaas.workers.protocol import Sampling
from llmaas.workers.vocabulary import Vocabulary

MAX_CANDIDATES = 256
"""Without `top_k`, so many best tokens are considered: sorting a whole vocabulary for `top_p` costs
50 times more, and what lies beyond has next to no probability."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])

Row = NDArray[np.float32]


class SamplerError(Exception):
    """A sampling value this model cannot take."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field


class Sampler:
    """Greedy is an argmax; everything else is a chain of llama.cpp's samplers.

    Order: bias, penalties (over the generated tokens), candidates, temperature, typical, top_p,
    min_p, draw. Temperature comes before top_p, as the values that model cards recommend assume.

    A grammar is asked about the chosen token first; only where it objects, the choice is made again
    among the tokens it allows. So a model that follows its grammar anyway pays for one question.
    """

    def __init__(
        self,
        sampling: Sampling,
        vocabulary: Vocabulary,
        *,
        n_ctx: int,
        grammar: CompiledGrammar | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._row_type: Any = ctypes.c_float * vocabulary.n_vocab
        self._withheld = math.inf if sampling.ignore_eos else sampling.min_tokens
        self._count = 0
        self._grammar = None if grammar is None else GrammarState(grammar, vocabulary.handle)
        self._chain: Any = None
        stages = _adjustments(sampling, n_vocab=vocabulary.n_vocab, n_ctx=n_ctx)
        if sampling.temperature > 0:
            stages += _draw(sampling)
        elif stages:
            stages.append(llama.llama_sampler_init_greedy())
        if stages:
            self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
            for stage in stages:
                llama.llama_sampler_chain_add(self._chain, stage)  # the chain frees its stages

    def row(self, context: Any, index: int) -> Row:
        """The logits after the batch token `index` of the last step; they live until the next."""
        logits = llama.llama_get_logits_ith(context, index).contents
        return np.frombuffer(self._row_type.from_address(ctypes.addressof(logits)), np.float32)

    def sample(self, context: Any, index: int, *, bound: bool = True) -> int:
        """The next token after the batch token `index` of the last step.

        Args:
            context: llama.cpp's context.
            index: in its last batch.
            bound: whether the token is content, which a grammar binds, or reasoning, which is free.
        """
        grammar = self._grammar if bound else None
        binds = grammar is not None and grammar.binds
        if self._count < self._withheld and not binds:
            self.row(context, index)[self._vocabulary.end_tokens] = -np.inf
        self._count += 1
        if grammar is not None and binds:
            token = self._follow(grammar, self.row(context, index))
        elif self._chain is not None:
            token = int(llama.llama_sampler_sample(self._chain, context, index))
        else:
            token = int(self.row(context, index).argmax())
        if grammar is not None and not binds:  # it waits for what triggers it
            grammar.accept(token, self._vocabulary.piece(token))
        return token

    def close(self) -> None:
        """Free the chain and the grammar's state."""
        if self._chain is not None:
            llama.llama_sampler_free(self._chain)
            self._chain = None
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None

    def _follow(self, grammar: GrammarState, row: Row) -> int:
        token: int = self._choose(row, None, None)
        if not grammar.allows(token):
            allowed = None
            if len(row) > 2 * MAX_CANDIDATES:
                best = np.argpartition(row, -2 * MAX_CANDIDATES)[-2 * MAX_CANDIDATES :]
                allowed = self._choose(row, grammar, best)
            if allowed is None:
                allowed = self._choose(row, grammar, None)
            # Nothing at all may follow: the answer is complete.
            token = self._vocabulary.eos if allowed is None else allowed
        if self._chain is not None:
            llama.llama_sampler_accept(self._chain, token)
        if not self._vocabulary.ends_generation(token):
            grammar.accept(token, self._vocabulary.piece(token))
        return token

    def _choose(self, row: Row, grammar: GrammarState | None, among: Any) -> Any:
        """A token by the chain, without telling the chain; `None` when none is allowed."""
        if self._chain is None and grammar is None:
            return int(row.argmax())
        candidates = np.empty(len(row) if among is None else len(among), _CANDIDATE)
        candidates["id"] = np.arange(len(row), dtype=np.int32) if among is None else among
        candidates["logit"] = row if among is None else row[among]
        array = llama.llama_token_data_array(
            candidates.ctypes.data_as(llama.llama_token_data_p), len(candidates), -1, False
        )
        if grammar is not None:
            grammar.restrict(array)
            if not np.isfinite(candidates["logit"]).any():
                return None
        if self._chain is None:
            return int(candidates["id"][candidates["logit"].argmax()])
        llama.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


def check_sampling(sampling: Sampling, *, n_vocab: int) -> None:
    """Refuse what would read beyond the vocabulary, and numbers that are none.

    Raises:
        SamplerError: the message names the value.
    """
    for token in sampling.logit_bias:
        if not 0 <= token < n_vocab:
            raise SamplerError(
                "logit_bias", f"token {token} is not in the vocabulary of {n_vocab} tokens"
            )
    for name in sampling.__struct_fields__:
        value = getattr(sampling, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise SamplerError(name, "must be a finite number")
    if sampling.repeat_penalty <= 0:
        raise SamplerError("repeat_penalty", "must be above 0")


def _adjustments(sampling: Sampling, *, n_vocab: int, n_ctx: int) -> list[Any]:
    stages: list[Any] = []
    if sampling.logit_bias:
        biases = (llama.llama_logit_bias * len(sampling.logit_bias))()
        for row, (token, bias) in zip(biases, sampling.logit_bias.items(), strict=True):
            row.token, row.bias = token, bias
        stages.append(
            llama.llama_sampler_init_logit_bias(
                n_vocab, len(biases), ctypes.cast(biases, llama.llama_logit_bias_p)
            )
        )
    penalties = (sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty)
    if penalties != (1.0, 0.0, 0.0):
        stages.append(llama.llama_sampler_init_penalties(n_vocab, n_ctx, *penalties))
    return stages


def _draw(sampling: Sampling) -> list[Any]:
    top_k = min(sampling.top_k, MAX_CANDIDATES) if sampling.top_k > 0 else MAX_CANDIDATES
    stages = [
        llama.llama_sampler_init_top_k(top_k),
        llama.llama_sampler_init_temp(sampling.temperature),
    ]
    if sampling.typical_p < 1:
        stages.append(llama.llama_sampler_init_typical(sampling.typical_p, 1))
    if sampling.top_p < 1:
        stages.append(llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        stages.append(llama.llama_sampler_init_min_p(sampling.min_p, 1))
    # The all-ones seed means "random" to llama.cpp, so no request's own seed may become it.
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed
    stages.append(llama.llama_sampler_init_dist(seed % llama.LLAMA_DEFAULT_SEED))
    return stages
