"""Network and tokenizer to and from a GGUF file."""

from __future__ import annotations

from pathlib import Path

import torch

import gguf_file
from bpe import BEGIN, BYTES, END, UNKNOWN, Tokenizer
from network import Llama, Shape


def export(model: Llama, tokenizer: Tokenizer, path: Path) -> int:
    """Writes the file and returns its size in bytes."""
    s = model.s
    metadata = {
        "general.architecture": "llama", "general.name": "abi stories", "general.license": "apache-2.0",
        "general.description": "Little English stories, learned from a grammar", "general.file_type": 7,
        "general.quantization_version": 2, "general.alignment": gguf_file.ALIGNMENT,
        "llama.vocab_size": s.vocab, "llama.context_length": s.context, "llama.embedding_length": s.width,
        "llama.block_count": s.layers, "llama.feed_forward_length": s.ffn,
        "llama.attention.head_count": s.heads, "llama.attention.head_count_kv": s.kv_heads,
        "llama.attention.layer_norm_rms_epsilon": s.eps,
        "llama.rope.dimension_count": s.head, "llama.rope.freq_base": s.rope_base,
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokenizer.pieces,
        "tokenizer.ggml.scores": tokenizer.scores, "tokenizer.ggml.token_type": tokenizer.types,
        "tokenizer.ggml.unknown_token_id": UNKNOWN, "tokenizer.ggml.bos_token_id": BEGIN,
        "tokenizer.ggml.eos_token_id": END, "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False, "tokenizer.ggml.add_space_prefix": True,
    }
    gguf_file.write(path, metadata, {name: p.detach().float().numpy() for name, p in model.named_parameters()})
    return path.stat().st_size


def load(path: Path) -> tuple[Llama, Tokenizer]:
    """The network with the dequantised weights of a file, and its tokenizer."""
    meta, tensors = gguf_file.read(path)
    get = lambda key: meta[f"llama.{key}"]  # noqa: E731
    shape = Shape(get("vocab_size"), get("embedding_length"), get("block_count"), get("attention.head_count"),
                  get("attention.head_count_kv"), get("feed_forward_length"), get("context_length"),
                  get("rope.freq_base"), get("attention.layer_norm_rms_epsilon"))
    model = Llama(shape)
    model.load_state_dict({name: torch.tensor(t) for name, t in tensors.items()})
    ggml = lambda key: meta[f"tokenizer.ggml.{key}"]  # noqa: E731
    assert ggml("unknown_token_id") == UNKNOWN and ggml("tokens")[BYTES] == "<0x00>"
    return model.eval(), Tokenizer(ggml("tokens"), ggml("scores"), ggml("token_type"))
