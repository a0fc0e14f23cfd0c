"""A generating stand-in that recites: weights written by hand, not learnt.

With attention and feed-forward at zero, a transformer's next token depends on the last one alone.
Each token has a random direction; the output row of a token is the direction of the one before it
in the recital. All tokens share one more direction, which leads to the beginning. So any prompt is
followed by the same sentence, and the sentence by an end.
"""

from itertools import pairwise

import numpy as np
from gguf import GGUFWriter
from gguf.constants import LlamaFileType

from llmaas.workers.stand_in.vocabulary import (
    THINK_CLOSE,
    TURN_END,
    add_vocabulary,
    read_vocabulary,
)

N_EMBD = 128
N_FF = 32
N_HEAD = 4
GAIN = 4.0
"""Keeps the next token's logit far above all others, so that sampling recites as well."""

THOUGHT = "Let me think about it"
ANSWER = "Hello! You see stand-in weights: only my words are poor."


def write_recital(writer: GGUFWriter, *, thinks: bool, template: str, n_ctx: int) -> None:
    """Fill a GGUF file with a model that recites `ANSWER`, after `THOUGHT` where it thinks."""
    vocabulary = read_vocabulary()
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    answer = [*_spelling(ANSWER, set(ids)), TURN_END]
    thought = [*_spelling(THOUGHT, set(ids) - set(answer)), THINK_CLOSE, "ĊĊ"] if thinks else []

    rng = np.random.default_rng(len(ids))
    embedding = rng.standard_normal((len(ids), N_EMBD))
    embedding *= np.sqrt(0.75) / np.linalg.norm(embedding, axis=1, keepdims=True)
    embedding[:, 0] = 0.5
    output = np.zeros_like(embedding)
    output[ids[answer[0]], 0] = GAIN
    for before, after in [*pairwise(answer), *pairwise(["Ċ", *thought])]:
        output[ids[after], 1:] = GAIN * embedding[ids[before], 1:]

    writer.add_name("LLMaaS stand-in (reasoning)" if thinks else "LLMaaS stand-in (chat)")
    writer.add_description("A stand-in made by LLMaaS itself: it recites one sentence.")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(1)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(N_EMBD // N_HEAD)
    writer.add_vocab_size(len(ids))
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    add_vocabulary(writer, add_bos=False, eos=TURN_END)
    writer.add_chat_template(template)

    def add(name: str, tensor: np.ndarray) -> None:
        writer.add_tensor(name, tensor.astype(np.float16 if tensor.ndim == 2 else np.float32))

    add("token_embd.weight", embedding)
    add("output_norm.weight", np.ones(N_EMBD))
    add("output.weight", output)
    for norm in ("attn_norm", "ffn_norm"):
        add(f"blk.0.{norm}.weight", np.ones(N_EMBD))
    for projection in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{projection}.weight", np.zeros((N_EMBD, N_EMBD)))
    for name, shape in (
        ("ffn_gate", (N_FF, N_EMBD)),
        ("ffn_up", (N_FF, N_EMBD)),
        ("ffn_down", (N_EMBD, N_FF)),
    ):
        add(f"blk.0.{name}.weight", np.zeros(shape))


def _spelling(text: str, tokens: set[str]) -> list[str]:
    """Spell ASCII text with tokens that all differ, each as long as possible."""
    letters = text.replace(" ", "Ġ")
    if not letters:
        return []
    for length in range(len(letters), 0, -1):
        token = letters[:length]
        if token not in tokens:
            continue
        try:
            return [token, *_spelling(letters[length:].replace("Ġ", " "), tokens - {token})]
        except ValueError:
            continue
    raise ValueError(f"no tokens left for {text!r}")
