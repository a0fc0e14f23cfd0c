"""A sentence encoder whose weights are written by hand: a weighted bag of word pieces.

One layer, in the shape of BERT. Every token has a direction made of the directions of its letter
groups, so that spellings close to each other are close in space. The first token looks at all
others with attention that grows with the logarithm of a token's rarity (its rank among the learnt
merges), and carries their mean out. Texts that share words are therefore more similar than texts
that do not; meaning beyond words it does not know.
"""

import zlib

import numpy as np
from gguf import GGUFWriter
from gguf.constants import GGMLQuantizationType, LlamaFileType, PoolingType
from gguf.quants import quantize

from llmaas.workers.stand_in.vocabulary import (
    END_OF_TEXT,
    add_vocabulary,
    byte_letters,
    read_vocabulary,
)

N_EMBD = 768
N_HEAD = 12
N_FF = 64
N_CTX = 512
BUCKETS = 4096
"""Letter groups are told apart by a hash into this many directions."""
SCORE = 0
"""The dimension that holds a token's rarity."""


def write_embedding_model(writer: GGUFWriter) -> None:
    """Fill a GGUF file with the encoder."""
    writer.add_name("LLMaaS stand-in (embedding)")
    writer.add_description("A stand-in made by LLMaaS itself: it compares texts by their words.")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(1)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.CLS)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    add_vocabulary(writer, add_bos=True, eos=END_OF_TEXT)
    writer.add_token_type_count(1)
    writer.add_vocab_size(len(read_vocabulary().tokens))

    def add(name: str, tensor: np.ndarray) -> None:
        writer.add_tensor(name, tensor.astype(np.float32))

    def add_quantised(name: str, tensor: np.ndarray) -> None:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(tensor.astype(np.float32), kind), raw_dtype=kind)

    zeros = np.zeros((N_EMBD, N_EMBD))
    key = zeros.copy()
    key[:: N_EMBD // N_HEAD, SCORE] = 1
    query_bias = np.zeros(N_EMBD)
    query_bias[:: N_EMBD // N_HEAD] = np.sqrt(N_EMBD / N_HEAD)
    value = np.eye(N_EMBD)
    value[SCORE, SCORE] = 0

    add_quantised("token_embd.weight", _token_directions())
    add("token_types.weight", np.zeros((1, N_EMBD)))
    add("position_embd.weight", np.zeros((N_CTX, N_EMBD)))
    for norm in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        add(f"{norm}.weight", np.ones(N_EMBD))
        add(f"{norm}.bias", np.zeros(N_EMBD))
    for name, weight, bias in (
        ("attn_q", zeros, query_bias),
        ("attn_k", key, np.zeros(N_EMBD)),
        ("attn_v", value, np.zeros(N_EMBD)),
        ("attn_output", np.eye(N_EMBD), np.zeros(N_EMBD)),
        ("ffn_up", np.zeros((N_FF, N_EMBD)), np.zeros(N_FF)),
        ("ffn_down", np.zeros((N_EMBD, N_FF)), np.zeros(N_EMBD)),
    ):
        add_quantised(f"blk.0.{name}.weight", weight)
        add(f"blk.0.{name}.bias", bias)


def _token_directions() -> np.ndarray:
    """One row per token: its rarity, and the sum of the directions of its letter groups.

    Rows have mean 0 and variance 1, so that the layer norm that follows leaves them alone. The
    first token of every text has a row of zeros: it adds nothing to what it looks at.
    """
    vocabulary = read_vocabulary()
    buckets = np.random.default_rng(N_EMBD).standard_normal((BUCKETS, N_EMBD - 1))
    bytes_of = {letter: byte for byte, letter in enumerate(byte_letters())}
    rows = np.zeros((len(vocabulary.tokens), N_EMBD))
    rank = {token: index for index, token in enumerate(vocabulary.tokens)}
    space = byte_letters()[ord(" ")]
    for index, token in enumerate(vocabulary.tokens):
        if token == END_OF_TEXT:
            continue
        text = bytes(bytes_of[letter] for letter in token).decode(errors="replace").casefold()
        direction = sum(buckets[bucket] for bucket in _letter_groups(text.strip() or text))
        direction = direction - np.mean(direction)
        # Merges with a space come after all others: a word is as rare as it is without one.
        learnt = rank.get(token.removeprefix(space), index)
        rarity = np.clip(np.log(max(learnt - 255, 1) / 100), -2, 3.5)
        direction *= np.sqrt((N_EMBD - rarity**2) / np.sum(direction**2))
        rows[index, SCORE] = rarity
        rows[index, 1:] = direction - rarity / (N_EMBD - 1)
    return rows


def _letter_groups(word: str) -> list[int]:
    """Hashes of a word and of its groups of three letters."""
    framed = f"<{word}>"
    groups = [framed, *(framed[i : i + 3] for i in range(len(framed) - 2))]
    return [zlib.crc32(group.encode()) % BUCKETS for group in groups]
