"""The llama architecture in PyTorch, with the tensor names and conventions of GGUF.

Rotary pairs are neighbours, (x[2i], x[2i+1]), as files with `general.architecture = llama` expect, so
weights are exported without any permutation. Input and output embeddings are the same matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; every row length is a multiple of 32, the Q8_0 block."""

    vocab: int = 2048
    width: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 2
    ffn: int = 512
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head(self) -> int:
        return self.width // self.heads


class Layer(nn.Module):
    """One block: attention and feed-forward, each behind an RMS norm."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.attn_norm = nn.RMSNorm(s.width, eps=s.eps)
        self.attn_q = nn.Linear(s.width, s.heads * s.head, bias=False)
        self.attn_k = nn.Linear(s.width, s.kv_heads * s.head, bias=False)
        self.attn_v = nn.Linear(s.width, s.kv_heads * s.head, bias=False)
        self.attn_output = nn.Linear(s.heads * s.head, s.width, bias=False)
        self.ffn_norm = nn.RMSNorm(s.width, eps=s.eps)
        self.ffn_gate = nn.Linear(s.width, s.ffn, bias=False)
        self.ffn_up = nn.Linear(s.width, s.ffn, bias=False)
        self.ffn_down = nn.Linear(s.ffn, s.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attend(self.attn_norm(x), cos, sin)
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))

    def attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (f(x).view(batch, length, -1, self.s.head).transpose(1, 2)
                   for f in (self.attn_q, self.attn_k, self.attn_v))
        group = self.s.heads // self.s.kv_heads
        k, v = rotate(k, cos, sin).repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        out = F.scaled_dot_product_attention(rotate(q, cos, sin), k, v, is_causal=True)
        return self.attn_output(out.transpose(1, 2).reshape(batch, length, -1))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE on neighbouring pairs; x [batch, heads, tokens, head], cos and sin [tokens, head/2]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


class Llama(nn.Module):
    """Token ids in, logits out."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.token_embd = nn.Embedding(s.vocab, s.width)
        self.blk = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.output_norm = nn.RMSNorm(s.width, eps=s.eps)
        angle = torch.outer(torch.arange(s.context).float(), s.rope_base ** (-torch.arange(0, s.head, 2) / s.head))
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        self.initialise()

    def initialise(self) -> None:
        for name, p in self.named_parameters():
            if p.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(p, std=0.02 / (2 * self.s.layers) ** 0.5 if deep else 0.04)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token_embd(ids)
        cos, sin = self.cos[:ids.shape[1]], self.sin[:ids.shape[1]]
        for layer in self.blk:
            x = layer(x, cos, sin)
        return F.linear(self.output_norm(x), self.token_embd.weight)

    @torch.no_grad()
    def generate(self, ids: list[int], stop: int, count: int, temperature: float, seed: int = 0) -> list[int]:
        """Continues ids; temperature 0 takes the likeliest token. Recomputes everything: short texts only."""
        dice = torch.Generator().manual_seed(seed)
        for _ in range(min(count, self.s.context - len(ids))):
            logits = self(torch.tensor([ids]))[0, -1].float()
            if temperature == 0:
                token = int(logits.argmax())
            else:
                token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=dice))
            if token == stop:
                break
            ids = [*ids, token]
        return ids
