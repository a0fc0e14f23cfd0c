"""A small model of the llama architecture, as llama.cpp runs it."""

import torch
from torch import Tensor, nn
from torch.nn import functional

N_VOCAB = 3072
N_EMBD = 192
N_LAYER = 5
N_HEAD = 3
N_FF = 512
HEAD_DIM = N_EMBD // N_HEAD
ROPE_BASE = 1_000_000.0
"""High, so that most of a head's dimensions compare contents over some hundred tokens."""
EPSILON = 1e-5


def rotations(positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each position (batch × length) for each pair of a head's dimensions."""
    frequencies = ROPE_BASE ** (-torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    angles = positions[:, None, :, None] * frequencies
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate neighbouring dimensions, which is llama.cpp's order for this architecture."""
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1).flatten(-2)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention, spelled out: on one core that beats the fused kernel for short texts.

    All in the precision of `v`: in half of it that takes half of the time.
    """
    with torch.autocast("cpu", enabled=False):
        future = torch.full((q.shape[2], q.shape[2]), -torch.inf, dtype=v.dtype).triu(1)
        scores = (q * HEAD_DIM**-0.5).to(v.dtype) @ k.to(v.dtype).mT
        return (scores + future).softmax(-1) @ v


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and around a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.attn_norm = nn.RMSNorm(N_EMBD, EPSILON)
        self.attn_q = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.attn_k = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.attn_v = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.attn_output = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.ffn_norm = nn.RMSNorm(N_EMBD, EPSILON)
        self.ffn_gate = nn.Linear(N_EMBD, N_FF, bias=False)
        self.ffn_up = nn.Linear(N_EMBD, N_FF, bias=False)
        self.ffn_down = nn.Linear(N_FF, N_EMBD, bias=False)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """Transform batch × length × embedding."""
        heads = (*x.shape[:2], N_HEAD, HEAD_DIM)
        y = self.attn_norm(x)
        q, k, v = (
            project(y).view(heads).transpose(1, 2)
            for project in (self.attn_q, self.attn_k, self.attn_v)
        )
        seen = attention(rotate(q, *rotation), rotate(k, *rotation), v)
        x = x + self.attn_output(seen.transpose(1, 2).reshape(x.shape))
        y = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Model(nn.Module):
    """The whole, with the embedding used again as the output."""

    def __init__(self) -> None:
        super().__init__()
        self.token_embd = nn.Embedding(N_VOCAB, N_EMBD)
        self.blk = nn.ModuleList(Block() for _ in range(N_LAYER))
        self.output_norm = nn.RMSNorm(N_EMBD, EPSILON)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                shrink = (
                    (2 * N_LAYER) ** -0.5 if name.endswith(("output.weight", "down.weight")) else 1
                )
                nn.init.normal_(weight, std=0.5 * N_EMBD**-0.5 * shrink)
        self.begin_with_copying()

    @torch.no_grad()
    def begin_with_copying(self) -> None:
        """Give one head of each of the first two layers what copying from the prompt needs.

        The first looks at the token before and notes it beside the token's own meaning; the second
        looks for a place whose note is the present token, and says what stood there. A name or a
        number is copied that way piece by piece. From random weights this takes millions of tokens
        to emerge; from here it is only refined.
        """
        size, deviation = HEAD_DIM, 0.5 * N_EMBD**-0.5
        embedding = self.token_embd.weight
        notes = slice(N_EMBD - size, N_EMBD)
        embedding[:, notes] = 0
        embedding[:, 0] = 3 * deviation  # the same in all tokens: something to turn by position
        meaning, own = slice(1, 1 + size), slice(0, size)
        eye = torch.eye(size)
        before, search = self.blk[0], self.blk[1]
        fast = torch.arange(0, size // 4, 2)
        turn = ROPE_BASE ** (-fast / size)
        before.attn_q.weight[own] = 0
        before.attn_k.weight[own] = 0
        before.attn_q.weight[fast, 0] = 2.4
        before.attn_k.weight[fast, 0] = 2.4 * turn.cos()
        before.attn_k.weight[fast + 1, 0] = 2.4 * turn.sin()
        before.attn_v.weight[own] = 0
        before.attn_v.weight[own, meaning] = eye
        before.attn_output.weight[:, own] = 0
        before.attn_output.weight[notes, own] = deviation * eye
        slow = torch.arange(3 * size // 8, size)
        search.attn_q.weight[own] = 0
        search.attn_k.weight[own] = 0
        search.attn_q.weight[slow, 1 + slow] = 1.6
        search.attn_k.weight[slow, N_EMBD - size + slow] = 1.6
        search.attn_v.weight[own] = 0
        search.attn_v.weight[own, meaning] = eye
        search.attn_output.weight[:, own] = 0
        search.attn_output.weight[meaning, own] = 6 * deviation * eye

    def forward(self, tokens: Tensor, positions: Tensor, wanted: Tensor) -> Tensor:
        """Logits after the tokens (batch × length) that `wanted` marks."""
        x = self.token_embd(tokens)
        rotation = rotations(positions)
        for block in self.blk:
            x = block(x, rotation)
        return self.output_norm(x[wanted]) @ self.token_embd.weight.T
