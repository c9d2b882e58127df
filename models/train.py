#!/usr/bin/env python3
"""Trains the story model and exports it.

    train.py --train train.txt --held-out held_out.txt --steps 4000 --work WORK --gguf stories.gguf
    train.py ... --from stories.gguf --rate 2e-3 --seed 2

The second form goes on from the weights and the tokenizer of a file; the optimizers start afresh.

Every batch holds stories of about one length, each from position 0, so no story sees another one. Hidden
matrices are trained with Muon (Jordan et al., 2024), embeddings and norms with AdamW. The learning rate
is constant after a warm-up and falls linearly to zero over the last 40 % of the run.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import bpe
from export_gguf import export, load
from network import Llama, Shape

POOL = 4096  # Stories sorted by length together: little padding, and batches still differ.
IGNORE = -100


def encode(texts: list[str], tokenizer: bpe.Tokenizer) -> list[list[int]]:
    """Stories as ids with <s> and </s> around them."""
    return [[bpe.BEGIN, *tokenizer.encode(text), bpe.END] for text in texts]


def padded(stories: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Inputs and targets [stories, longest - 1]; the padding is not a target."""
    longest = max(map(len, stories))
    rows = torch.tensor([s + [IGNORE] * (longest - len(s)) for s in stories])
    return rows[:, :-1].clamp(min=0), rows[:, 1:]


def batches(stories: list[list[int]], tokens: int, rng: random.Random) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of about `tokens` tokens, for ever; each pass has its own order."""
    while True:
        order = rng.sample(stories, len(stories))
        for start in range(0, len(order), POOL):
            pool = sorted(order[start:start + POOL], key=len)
            groups: list[list[list[int]]] = [[]]
            for story in pool:
                if (len(groups[-1]) + 1) * len(story) > tokens:
                    groups.append([])
                groups[-1].append(story)
            rng.shuffle(groups)
            yield from (padded(g) for g in groups if g)


def loss_of(model: Llama, inputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(model(inputs).float().flatten(0, 1), targets.flatten(), ignore_index=IGNORE)


@torch.no_grad()
def held_out_loss(model: Llama, stories: list[list[int]]) -> float:
    """Mean nats per token, </s> included."""
    total, count = 0.0, 0
    for start in range(0, len(stories), 16):
        inputs, targets = padded(stories[start:start + 16])
        found = int((targets != IGNORE).sum())
        total += float(loss_of(model, inputs, targets)) * found
        count += found
    return total / count


def optimizers(model: Llama, rate: float) -> list[torch.optim.Optimizer]:
    hidden = [p for n, p in model.named_parameters() if p.dim() == 2 and n.startswith("blk")]
    rest = [p for n, p in model.named_parameters() if p.dim() == 1 or not n.startswith("blk")]
    return [torch.optim.Muon(hidden, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)]


def schedule(progress: float, step: int, warm: int = 100) -> float:
    """Factor of the learning rate after `progress` (0 to 1) of the run."""
    return min(1.0, (step + 1) / warm, max(0.0, (1 - progress) / 0.4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="ends the schedule early on a slow machine")
    parser.add_argument("--tokens", type=int, default=2048, help="tokens per batch")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--from", type=Path, dest="origin", help="GGUF file to go on from; it decides all sizes")
    parser.add_argument("--vocab", type=int, default=2048)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    texts = o.train.read_text(encoding="utf-8").splitlines()
    model, tokenizer = load(o.origin) if o.origin else fresh(texts, o)
    stories = encode(texts, tokenizer)
    held = encode(o.held_out.read_text(encoding="utf-8").splitlines(), tokenizer)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {sum(map(len, stories))} tokens, "
          f"longest story {max(map(len, stories))}", flush=True)
    assert max(map(len, stories)) <= model.s.context
    run(model, tokenizer, stories, held, o)


def fresh(texts: list[str], o: argparse.Namespace) -> tuple[Llama, bpe.Tokenizer]:
    """Random weights, and a tokenizer learned from the first stories."""
    tokenizer = bpe.train(texts[:20000], o.vocab)
    return Llama(Shape(vocab=len(tokenizer.pieces), layers=o.layers)), tokenizer


def run(model: Llama, tokenizer: bpe.Tokenizer, stories: list[list[int]], held: list[list[int]],
        o: argparse.Namespace) -> None:
    """The loop: a checkpoint and a GGUF file every `save_every` steps, so any moment can be kept."""
    o.work.mkdir(parents=True, exist_ok=True)
    feed, steppers, start, seen = batches(stories, o.tokens, random.Random(o.seed)), optimizers(model, o.rate), time.time(), 0
    for step in range(1, o.steps + 1):
        progress = max((step - 1) / o.steps, (time.time() - start) / (60 * o.minutes))
        inputs, targets = next(feed)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(model, inputs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = o.rate * schedule(progress, step)
            stepper.step()
            stepper.zero_grad(set_to_none=True)
        seen += int((targets != IGNORE).sum())
        if step % 25 == 0:
            print(f"step {step} loss {loss:.4f} tokens {seen} seconds {time.time() - start:.0f}", flush=True)
        last = step == o.steps or progress >= 1
        if last or step % o.save_every == 0:
            nats = held_out_loss(model, held if last else held[:64])
            torch.save(model.state_dict(), o.work / "model.pt")
            size = export(model, tokenizer, o.gguf)
            print(f"step {step} held-out perplexity {math.exp(nats):.4f}, {size} bytes", flush=True)
        if last:
            break


if __name__ == "__main__":
    main()
