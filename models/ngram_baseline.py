#!/usr/bin/env python3
"""How far does counting get? Interpolated modified Kneser-Ney n-grams over the tokens of the model.

    ngram_baseline.py --gguf stories.gguf --train train.txt --held-out held_out.txt

Discounts and interpolation follow Chen and Goodman (1999), section 4.2.1: the highest order uses counts,
lower orders the number of different predecessors. An n-gram is known by a 64-bit hash, so tables are
sorted arrays of any order. The first tokens of a story have the shorter context that there is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gguf_file
from bpe import BEGIN, END, Tokenizer

FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Level:
    """One order: discounted shares of known n-grams, and what each known context leaves to lower orders."""

    keys: np.ndarray
    shares: np.ndarray
    contexts: np.ndarray
    backoff: np.ndarray


@dataclass
class Table:
    """The different n-grams of one order: hash, position of the last token somewhere, and count; sorted by hash."""

    keys: np.ndarray
    ends: np.ndarray
    counts: np.ndarray


def ngrams(tokens: np.ndarray, ends: np.ndarray, order: int) -> np.ndarray:
    """Hashes of the n-grams that end at the positions `ends`."""
    keys = np.zeros(len(ends), np.uint64)
    for back in range(order - 1, -1, -1):
        keys = keys * FACTOR + tokens[ends - back] + np.uint64(1)
    return keys


def table(tokens: np.ndarray, place: np.ndarray, order: int) -> Table:
    """Counts the n-grams that lie within a story."""
    ends = np.flatnonzero(place >= order - 1)
    keys, first, counts = np.unique(ngrams(tokens, ends, order), return_index=True, return_counts=True)
    return Table(keys, ends[first], counts)


def discounts(counts: np.ndarray) -> np.ndarray:
    """D(0), D(1), D(2), D(3 and more)."""
    n = [max(1, int((counts == i).sum())) for i in range(5)]
    share = n[1] / (n[1] + 2 * n[2])
    raw = [0.0] + [i - (i + 1) * share * n[i + 1] / n[i] for i in (1, 2, 3)]
    return np.array([0.0] + [min(max(d, 0.1), i) for i, d in enumerate(raw)][1:])


def level(tokens: np.ndarray, t: Table, order: int) -> Level:
    """Turns counts into an interpolation level."""
    d = discounts(t.counts)
    taken = d[np.minimum(t.counts, 3)]
    contexts, index = np.unique(ngrams(tokens, t.ends - 1, order - 1), return_inverse=True)
    totals = np.bincount(index, t.counts)
    return Level(t.keys, (t.counts - taken) / totals[index], contexts, np.bincount(index, taken) / totals)


def predecessors(tokens: np.ndarray, t: Table, longer: Table, order: int) -> Table:
    """A table with the number of different predecessors; what begins with <s> has none and keeps its counts."""
    inner, kinds = np.unique(ngrams(tokens, longer.ends, order), return_counts=True)
    found = look_up(inner, kinds, t.keys, 0)
    keep = (found > 0) | (order > 1)
    return Table(t.keys[keep], t.ends[keep], np.where(found > 0, found, t.counts)[keep])


def look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, default: float) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], default)


def refined(p: np.ndarray, lv: Level, tokens: np.ndarray, place: np.ndarray, order: int) -> np.ndarray:
    """Probabilities of the order, given those of the order below, of every token after its context."""
    ends = np.flatnonzero(place >= order - 1)
    share = look_up(lv.keys, lv.shares, ngrams(tokens, ends, order), 0.0)
    left = look_up(lv.contexts, lv.backoff, ngrams(tokens, ends - 1, order - 1), 1.0)
    out = p.copy()
    out[ends] = share + left * p[ends]
    return out


def flat(path: Path, tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray, int]:
    """Tokens of a file one after the other, their position in their story, and the number of words."""
    texts = path.read_text(encoding="utf-8").splitlines()
    stories = [[BEGIN, *tokenizer.encode(t), END] for t in texts]
    place = np.concatenate([np.arange(len(s)) for s in stories])
    return np.concatenate([np.array(s, np.uint64) for s in stories]), place, sum(len(t.split()) for t in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--gguf", "--train", "--held-out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--orders", type=int, default=10, help="the highest order")
    o = parser.parse_args()
    meta, _ = gguf_file.read(o.gguf)
    tokenizer = Tokenizer(*(meta[f"tokenizer.ggml.{key}"] for key in ("tokens", "scores", "token_type")))
    tokens, place, _ = flat(o.train, tokenizer)
    held, held_place, words = flat(o.held_out, tokenizer)
    print(f"{len(tokens)} training tokens, {int((held_place > 0).sum())} held-out tokens, {words} words")
    p, counted = np.full(len(held), 1 / len(tokenizer.pieces)), table(tokens, place, 1)
    for order in range(1, o.orders + 1):
        nats = -np.log(refined(p, level(tokens, counted, order), held, held_place, order)[held_place > 0])
        print(f"{order}-gram: perplexity {np.exp(nats.mean()):.4f} per token, {np.exp(nats.sum() / words):.4f} per word",
              flush=True)
        longer = table(tokens, place, order + 1)
        p = refined(p, level(tokens, predecessors(tokens, counted, longer, order), order), held, held_place, order)
        counted = longer


if __name__ == "__main__":
    main()
