"""How the next token of one sequence is chosen."""

import ctypes
import secrets
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np

from llmaas.workers.protocol import Sampling

MAX_CANDIDATES = 256
"""Without `top_k`, so many best tokens are considered: sorting a whole vocabulary for `top_p` costs
50 times more, and what lies beyond has next to no probability."""


class SamplerError(Exception):
    """A sampling value this model cannot take."""


class Sampler:
    """Greedy is an argmax; everything else is a chain of llama.cpp's samplers.

    Order: bias, penalties (over the generated tokens), candidates, temperature, top_p, min_p, draw.
    Temperature comes before top_p, as the values that model cards recommend assume.
    """

    def __init__(self, sampling: Sampling, *, n_vocab: int, n_ctx: int) -> None:
        self._n_vocab = n_vocab
        self._chain: Any = None
        stages = _adjustments(sampling, n_vocab=n_vocab, n_ctx=n_ctx)
        if sampling.temperature > 0:
            stages += _draw(sampling)
        elif stages:
            stages.append(llama.llama_sampler_init_greedy())
        if stages:
            self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
            for stage in stages:
                llama.llama_sampler_chain_add(self._chain, stage)  # the chain frees its stages

    def sample(self, context: Any, index: int) -> int:
        """The next token after the batch token `index` of the last step."""
        if self._chain is not None:
            token: int = llama.llama_sampler_sample(self._chain, context, index)
            return token
        pointer = llama.llama_get_logits_ith(context, index)
        return int(np.ctypeslib.as_array(pointer, shape=(self._n_vocab,)).argmax())

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            llama.llama_sampler_free(self._chain)
            self._chain = None


def check_sampling(sampling: Sampling, *, n_vocab: int) -> None:
    """Refuse what would read beyond the vocabulary.

    Raises:
        SamplerError: the message names the value.
    """
    for token in sampling.logit_bias:
        if not 0 <= token < n_vocab:
            raise SamplerError(
                f"logit_bias: token {token} is not in the vocabulary of {n_vocab} tokens"
            )


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
    if sampling.top_p < 1:
        stages.append(llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        stages.append(llama.llama_sampler_init_min_p(sampling.min_p, 1))
    # The all-ones seed means "random" to llama.cpp, so no request's own seed may become it.
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed
    stages.append(llama.llama_sampler_init_dist(seed % llama.LLAMA_DEFAULT_SEED))
    return stages
