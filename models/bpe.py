"""A byte-pair tokenizer in the SentencePiece manner: trainer and encoder.

Spaces become U+2581 and belong to the word that follows. The encoder merges the neighbouring pair whose
union has the highest score, which is what readers of `tokenizer.ggml.model = "llama"` do, so ids agree
with theirs by construction. Pieces never mix letters with other characters.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

SPACE = "\u2581"
UNKNOWN, BEGIN, END, BYTES = 0, 1, 2, 3
NORMAL, UNKNOWN_TYPE, CONTROL, BYTE = 1, 2, 3, 6
_CHUNK = re.compile(f"{SPACE}?[A-Za-z]+|{SPACE}?[^A-Za-z{SPACE}]+|{SPACE}")


@dataclass
class Tokenizer:
    """Pieces with scores and GGUF token types; the index is the token id."""

    pieces: list[str]
    scores: list[float]
    types: list[int]
    ids: dict[str, int] = field(init=False)
    cache: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = {p: i for i, p in enumerate(self.pieces) if self.types[i] == NORMAL}

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without <s>; a space is put before the first word."""
        spaced = SPACE + text.replace(" ", SPACE)
        return [i for chunk in _CHUNK.findall(spaced) for i in self._chunk(chunk)]

    def decode(self, ids: Iterable[int]) -> str:
        raw = bytearray()
        for i in ids:
            if self.types[i] == BYTE:
                raw.append(i - BYTES)
            elif self.types[i] == NORMAL:
                raw += self.pieces[i].encode()
        return raw.decode("utf-8", "replace").replace(SPACE, " ").removeprefix(" ")

    def _chunk(self, chunk: str) -> list[int]:
        if chunk not in self.cache:
            parts = list(chunk)
            while (at := self._best_merge(parts)) is not None:
                parts[at:at + 2] = [parts[at] + parts[at + 1]]
            self.cache[chunk] = [i for part in parts for i in self._ids_of(part)]
        return self.cache[chunk]

    def _best_merge(self, parts: list[str]) -> int | None:
        known = [(self.scores[self.ids[a + b]], -i) for i, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in self.ids]
        return -max(known)[1] if known else None

    def _ids_of(self, part: str) -> list[int]:
        return [self.ids[part]] if part in self.ids else [BYTES + b for b in part.encode()]


def train(texts: Iterable[str], size: int) -> Tokenizer:
    """Learns merges by frequency until the vocabulary has `size` pieces, bytes and specials included."""
    words = Counter(c for text in texts for c in _CHUNK.findall(SPACE + text.replace(" ", SPACE)))
    alphabet = sorted({c for word in words for c in word} | set(map(chr, range(33, 127))))
    merges = _merges(words, size - BYTES - 256 - len(alphabet))
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + merges + alphabet
    normal = len(pieces) - BYTES - 256
    scores = [0.0] * (BYTES + 256) + [-float(i) for i in range(normal)]
    types = [UNKNOWN_TYPE, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * normal
    return Tokenizer(pieces, scores, types)


def _merges(words: Counter[str], count: int) -> list[str]:
    """The `count` most frequent pieces, in the order in which they are merged."""
    split = {word: list(word) for word in words}
    pairs: Counter[tuple[str, str]] = Counter()
    where: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for word, parts in split.items():
        _count_pairs(word, parts, words[word], pairs, where)
    merges: dict[str, None] = {}
    while len(merges) < count and (pair := max(pairs, key=lambda p: (pairs[p], p), default=None)) and pairs[pair] > 0:
        merges["".join(pair)] = None
        for word in list(where[pair]):
            _count_pairs(word, split[word], -words[word], pairs, where)
            split[word] = _joined(split[word], pair)
            _count_pairs(word, split[word], words[word], pairs, where)
    return list(merges)


def _count_pairs(word: str, parts: list[str], weight: int, pairs: Counter[tuple[str, str]],
                 where: defaultdict[tuple[str, str], set[str]]) -> None:
    for pair in zip(parts, parts[1:]):
        pairs[pair] += weight
        where[pair].add(word)


def _joined(parts: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return out
