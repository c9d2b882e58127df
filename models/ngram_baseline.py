#!/usr/bin/env python3
"""How far does counting get? Interpolated modified Kneser-Ney n-grams over the tokens of the model.

    ngram_baseline.py --gguf stories.gguf --train train.txt --held-out held_out.txt

Discounts and interpolation follow Chen and Goodman (1999), section 4.2.1: the highest order uses counts,
lower orders the number of different predecessors. An n-gram is one 64-bit integer (base: vocabulary), so
tables are sorted arrays. The first tokens of a story have the shorter context that there is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gguf_file
from bpe import BEGIN, END, Tokenizer

ORDERS = (2, 3, 4, 5)


@dataclass
class Level:
    """One order: discounted shares of known n-grams, and what each known context leaves to lower orders."""

    keys: np.ndarray
    shares: np.ndarray
    contexts: np.ndarray
    backoff: np.ndarray


def ngrams(tokens: np.ndarray, place: np.ndarray, order: int, base: int) -> np.ndarray:
    """The n-gram that ends at each position that has one inside its story."""
    ends = np.flatnonzero(place >= order - 1)
    keys = np.zeros(len(ends), np.int64)
    for back in range(order - 1, -1, -1):
        keys = keys * base + tokens[ends - back]
    return keys


def discounts(counts: np.ndarray) -> np.ndarray:
    """D(0), D(1), D(2), D(3 and more)."""
    n = [max(1, int((counts == i).sum())) for i in range(5)]
    share = n[1] / (n[1] + 2 * n[2])
    raw = [0.0] + [i - (i + 1) * share * n[i + 1] / n[i] for i in (1, 2, 3)]
    return np.array([0.0] + [min(max(d, 0.1), i) for i, d in enumerate(raw)][1:])


def level(keys: np.ndarray, counts: np.ndarray, base: int) -> Level:
    """Turns counts into an interpolation level."""
    d = discounts(counts)
    taken = d[np.minimum(counts, 3)]
    contexts, index = np.unique(keys // base, return_inverse=True)
    totals = np.bincount(index, counts)
    return Level(keys, (counts - taken) / totals[index], contexts, np.bincount(index, taken) / totals)


def levels(tokens: np.ndarray, place: np.ndarray, order: int, base: int) -> list[Level]:
    """Levels 1 to `order`; below the highest, what follows <s> keeps its counts: nothing precedes it."""
    out: list[Level] = []
    for k in range(1, order + 1):
        keys, counts = np.unique(ngrams(tokens, place, k, base), return_counts=True)
        if k < order:
            longer = np.unique(ngrams(tokens, place, k + 1, base))
            inner, kinds = np.unique(longer % base**k, return_counts=True)
            first = keys // base ** (k - 1) == BEGIN
            keys, counts = np.append(inner, keys[first & (k > 1)]), np.append(kinds, counts[first & (k > 1)])
            order_of = np.argsort(keys)
            keys, counts = keys[order_of], counts[order_of]
        out.append(level(keys, counts, base))
    return out


def look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, default: float) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], default)


def probabilities(model: list[Level], tokens: np.ndarray, place: np.ndarray, base: int) -> np.ndarray:
    """Probability of every token of the stories after its context; <s> itself is not predicted."""
    p = np.full(len(tokens), 1 / base)
    for k, lv in enumerate(model, 1):
        ends = np.flatnonzero(place >= k - 1)
        keys = ngrams(tokens, place, k, base)
        p[ends] = look_up(lv.keys, lv.shares, keys, 0.0) + look_up(lv.contexts, lv.backoff, keys // base, 1.0) * p[ends]
    return p[place > 0]


def flat(path: Path, tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray, int]:
    """Tokens of a file one after the other, their position in their story, and the number of words."""
    texts = path.read_text(encoding="utf-8").splitlines()
    stories = [[BEGIN, *tokenizer.encode(t), END] for t in texts]
    place = np.concatenate([np.arange(len(s)) for s in stories])
    return np.concatenate([np.array(s, np.int64) for s in stories]), place, sum(len(t.split()) for t in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--gguf", "--train", "--held-out"):
        parser.add_argument(name, type=Path, required=True)
    o = parser.parse_args()
    meta, _ = gguf_file.read(o.gguf)
    tokenizer = Tokenizer(*(meta[f"tokenizer.ggml.{key}"] for key in ("tokens", "scores", "token_type")))
    base = len(tokenizer.pieces)
    tokens, place, _ = flat(o.train, tokenizer)
    held, held_place, words = flat(o.held_out, tokenizer)
    print(f"{len(tokens)} training tokens, {int((held_place > 0).sum())} held-out tokens, {words} words")
    for order in ORDERS:
        nats = -np.log(probabilities(levels(tokens, place, order, base), held, held_place, base))
        print(f"{order}-gram: perplexity {np.exp(nats.mean()):.4f} per token, {np.exp(nats.sum() / words):.4f} per word")


if __name__ == "__main__":
    main()
