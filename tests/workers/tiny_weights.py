"""Tiny GGUF files with a byte-level vocabulary, so that every test knows what a model will say.

`recital`: a model without attention whose next token depends on the last one alone: it recites a
text. `random`: random attention weights, so that every token depends on all before it.
"""

from pathlib import Path

import gguf
import numpy as np

N_EMBD = 64
N_CTX_TRAIN = 512

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'villain' %}{{ raise_exception('no villains') }}{% endif %}"
    "{{ message['content'] }}{% endfor %}"
    "{% if enable_thinking is defined and enable_thinking %}{{ '<think>\n' }}{% endif %}"
)

END, THINK, END_THINK = "<|end|>", "<think>", "</think>"
WORDS = ("A", "B", "C", "D")


def byte_characters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [
        chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)
    ]


TOKENS = [*byte_characters(), END, THINK, END_THINK]
TOKEN_END, TOKEN_THINK, TOKEN_END_THINK = 256, 257, 258


def byte_tokens(text: str) -> list[int]:
    return list(text.encode())


def write_random(path: Path, *, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    embeddings = matrix(len(TOKENS), N_EMBD) * np.sqrt(N_EMBD)
    output = matrix(len(TOKENS), N_EMBD) * 4
    output[256:] = 0  # never ends by itself
    return _write(path, embeddings, output, matrix=matrix)


def write_recital(path: Path, tokens: list[int], *, seed: int = 0) -> Path:
    """After `tokens[i]` comes `tokens[i + 1]`; each is used once, and the last one repeats."""
    assert len(set(tokens)) == len(tokens), "the next token is known from the last one alone"
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((len(TOKENS), N_EMBD)).astype(np.float32)
    output = np.zeros_like(embeddings)
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        output[following] += embeddings[token]

    def zeros(rows: int, columns: int) -> np.ndarray:
        return np.zeros((rows, columns), np.float32)

    return _write(path, embeddings, output, matrix=zeros)


def _write(path: Path, embeddings: np.ndarray, output: np.ndarray, *, matrix) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(N_CTX_TRAIN)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(2)
    writer.add_feed_forward_length(128)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([1] * 256 + [3, 4, 4])  # 1 normal, 3 control, 4 user-defined
    writer.add_token_merges(["Ġ Ġ"])
    writer.add_eos_token_id(TOKEN_END)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    writer.add_tensor("token_embd.weight", embeddings.astype(np.float32))
    for layer in range(2):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", np.ones(N_EMBD, np.float32))
        writer.add_tensor(name + "attn_q.weight", matrix(N_EMBD, N_EMBD))
        writer.add_tensor(name + "attn_k.weight", matrix(32, N_EMBD))
        writer.add_tensor(name + "attn_v.weight", matrix(32, N_EMBD))
        writer.add_tensor(name + "attn_output.weight", matrix(N_EMBD, N_EMBD))
        writer.add_tensor(name + "ffn_norm.weight", np.ones(N_EMBD, np.float32))
        writer.add_tensor(name + "ffn_gate.weight", matrix(128, N_EMBD))
        writer.add_tensor(name + "ffn_up.weight", matrix(128, N_EMBD))
        writer.add_tensor(name + "ffn_down.weight", matrix(N_EMBD, 128))
    writer.add_tensor("output_norm.weight", np.ones(N_EMBD, np.float32))
    writer.add_tensor("output.weight", output.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
