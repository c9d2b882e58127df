#!/usr/bin/env python3
"""Held-out perplexity of a GGUF file's own weights, dequantised, and stories told by it.

    evaluate.py --gguf stories.gguf --held-out held_out.txt
    evaluate.py --gguf stories.gguf --prompt "The little fox" --temperature 0.8 --seed 1
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch

from bpe import BEGIN, END
from export_gguf import load
from train import encode, held_out_loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--prompt")
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    model, tokenizer = load(o.gguf)
    if o.held_out:
        texts = o.held_out.read_text(encoding="utf-8").splitlines()
        stories = encode(texts, tokenizer)
        tokens, words = sum(len(s) - 1 for s in stories), sum(len(t.split()) for t in texts)
        nats = held_out_loss(model, stories)
        print(f"{len(texts)} stories, {tokens} tokens, {words} words")
        print(f"perplexity {math.exp(nats):.4f} per token, {math.exp(nats * tokens / words):.4f} per word")
    if o.prompt is not None:
        ids = [BEGIN, *tokenizer.encode(o.prompt)]
        print(tokenizer.decode(model.generate(ids, END, 400, o.temperature, o.seed)))


if __name__ == "__main__":
    main()
