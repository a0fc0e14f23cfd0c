"""Models with the shape of real ones and random weights, for measuring speed.

The tokens are the stand-ins', filled up to a real vocabulary's size with tokens no text has: the
matrix products are those of the real shape. Written in f16 and quantised by llama.cpp itself.

Only whole words are ever likely. So every token of an answer is a piece of text that a stream
shows at once, and an answer that comes back in the next prompt gives the tokens that it had.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import llama_cpp.llama_cpp as llama
import numpy as np
from gguf import GGUFWriter
from gguf.constants import LlamaFileType, TokenType

from llmaas.workers.stand_in.vocabulary import read_vocabulary


@dataclass(frozen=True)
class Architecture:
    """A decoder in the shape of Llama."""

    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    head_size: int
    n_ff: int
    n_vocab: int


ARCHITECTURES = {
    "b114": Architecture(12, 768, 12, 12, 64, 2048, 50_304),
    "q06": Architecture(28, 1024, 16, 8, 128, 3072, 151_936),
    "l8b": Architecture(32, 4096, 32, 8, 128, 14_336, 128_256),
}
QUANTISATIONS = {
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
    "Q4_0": LlamaFileType.MOSTLY_Q4_0,
    "Q4_K_M": LlamaFileType.MOSTLY_Q4_K_M,
}
N_CTX = 32_768
_BEGINS_WORD = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"
"""How the vocabulary spells the space before a word."""


def words() -> list[str]:
    """Every word that is one token, with the space before it."""
    found = []
    for token in read_vocabulary().tokens:
        word = token.removeprefix(_BEGINS_WORD)
        if word != token and len(word) > 2 and word.isascii() and word.isalpha() and word.islower():
            found.append(f" {word}")
    return found


def synthetic_model(directory: Path, name: str, quantisation: str) -> Path:
    """The weights file, made where it is not there yet (`b114`, `q06`, `l8b`)."""
    # Another vocabulary makes other weights: to old ones, today's words would be several tokens.
    words_id = sha256("\n".join(read_vocabulary().tokens).encode()).hexdigest()[:8]
    path = directory / f"{name}.{quantisation}.{words_id}.gguf"
    if path.exists():
        return path
    directory.mkdir(parents=True, exist_ok=True)
    full = directory / f"{name}.F16.{words_id}.gguf"
    if not full.exists():
        _write(full, ARCHITECTURES[name])
    params = llama.llama_model_quantize_default_params()
    params.ftype = QUANTISATIONS[quantisation]
    unfinished = path.with_suffix(".part")
    code = llama.llama_model_quantize(str(full).encode(), str(unfinished).encode(), params)
    if code != 0:
        raise RuntimeError(f"{full}: llama.cpp cannot quantise it ({code})")
    return unfinished.rename(path)


def _write(path: Path, shape: Architecture) -> None:
    rng = np.random.default_rng(114)
    vocabulary = read_vocabulary()
    likely = {_BEGINS_WORD + word[1:] for word in words()}
    unlikely = [token not in likely for token in vocabulary.tokens]
    filler = shape.n_vocab - len(vocabulary.tokens)
    writer = GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(shape.n_embd)
    writer.add_block_count(shape.n_layer)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_vocab_size(shape.n_vocab)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*vocabulary.tokens, *(f"<|filler_{i}|>" for i in range(filler))])
    writer.add_token_types([*vocabulary.types, *([TokenType.UNUSED] * filler)])
    writer.add_token_merges(vocabulary.merges)
    writer.add_eos_token_id(vocabulary.id("<|im_end|>"))
    writer.add_bos_token_id(vocabulary.id("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns), np.float32) / np.sqrt(columns)).astype(
            np.float16
        )

    output = matrix(shape.n_vocab, shape.n_embd)
    output[len(unlikely) :] = 0
    output[: len(unlikely)][unlikely] = 0
    writer.add_tensor("token_embd.weight", matrix(shape.n_vocab, shape.n_embd))
    writer.add_tensor("output_norm.weight", np.ones(shape.n_embd, np.float32))
    writer.add_tensor("output.weight", output)
    q, kv = shape.n_head * shape.head_size, shape.n_head_kv * shape.head_size
    for layer in range(shape.n_layer):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(shape.n_embd, np.float32))
        for name, rows, columns in (
            ("attn_q", q, shape.n_embd),
            ("attn_k", kv, shape.n_embd),
            ("attn_v", kv, shape.n_embd),
            ("attn_output", shape.n_embd, q),
            ("ffn_gate", shape.n_ff, shape.n_embd),
            ("ffn_up", shape.n_ff, shape.n_embd),
            ("ffn_down", shape.n_embd, shape.n_ff),
        ):
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix(rows, columns))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
