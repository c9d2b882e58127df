#!/usr/bin/env python3
"""Writes pre_tokenizer_words.json and bert_words.json: how random texts fall into words.

    pip install regex unicodedata2 && python make_words.py

The pre-tokenizers are the published regular expressions, run by the module regex; BERT's reading is written from its
description. Only characters that have been in Unicode since 14.0 are used, so that versions do not matter.
"""

import json
import random
import unicodedata
from pathlib import Path

import regex

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
RULES = {
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "llama-bpe": [LLAMA3],
    "gpt-2": [GPT2],
    "qwen2": [LLAMA3.replace("{1,3}", "")],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"],
    "starcoder": [r"\p{N}", GPT2],
}
SNIPPETS = ["'s", "'LL", "'Ve", "'d", "n't", "don't", "  ", "\r\n", "\n\n", " \n", "\t\t", "123", "4567890", "1.5e-3", "...", "==", "->",
            "`x`", "hello", " world", "Übung", "日本語", "한국어", "العربية", "नमस्ते", "😀", "👩‍💻", "é", "e\u0301", "½", "Ⅷ", "²", "$5", "\u00a0",
            "\u3000", "\u2028", "\u0085", "«a»", "¿", "—", "_", "__init__", "<|x|>", "한\u302e", "ｆｕｌｌ", "İ", "ß", "Σς", "ﬁ", "\u200b", "\ufeff"]
SPANS = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x590), (0x590, 0x700), (0x900, 0xE00), (0x1E00, 0x2100),
         (0x2100, 0x2C00), (0x3000, 0x3400), (0x4E00, 0x5000), (0xAC00, 0xAD00), (0xF900, 0x10000), (0x1F300, 0x1F700),
         (0x1D100, 0x1D200)]


def usable(c):
    # U+017F is an s without case for (?i), which the pre-tokenizers that are built for speed leave out.
    return unicodedata.category(c) not in ("Cn", "Cs", "Co") and c != "\u017f"


def text(rng):
    parts = []
    for _ in range(rng.randrange(1, 20)):
        if rng.random() < 0.6:
            parts.append(rng.choice(SNIPPETS))
        else:
            low, high = rng.choice(SPANS)
            c = chr(rng.randrange(low, high))
            parts.append(c if usable(c) else "x")
        if rng.random() < 0.3:
            parts.append(" ")
    return "".join(parts)


def split(rules, whole):
    pieces = [whole]
    for rule in rules:
        after = []
        for piece in pieces:
            at = 0
            for match in regex.finditer(rule, piece):
                after += [piece[at:match.start()], match.group()]
                at = match.end()
            after.append(piece[at:])
        pieces = [p for p in after if p]
    return pieces


def cjk(c):
    return any(a <= ord(c) <= b for a, b in [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
                                             (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)])


def bert(whole, lowercase):
    out = ""
    for c in whole:
        category = unicodedata.category(c)
        if c in "\t\n\r" or category.startswith("Z"):
            out += " "
        elif c == "\ufffd" or category in ("Cc", "Cf", "Co"):
            continue
        else:
            out += f" {c} " if cjk(c) else c
    if lowercase:
        out = "".join(c for c in unicodedata.normalize("NFD", out) if unicodedata.category(c) != "Mn")
        out = "".join(c.lower() for c in out)
    spaced = ""
    for c in out:
        mark = unicodedata.category(c).startswith("P") or (c.isascii() and c.isprintable() and not c.isalnum() and c != " ")
        spaced += f" {c} " if mark else c
    return [w for w in regex.split(r"\s+", spaced) if w]


def main():
    rng = random.Random(20)
    here = Path(__file__).parent
    texts = [text(rng) for _ in range(250)] + ["", " ", "   ", "\n", "a  b", "  a", "a  ", "a\n\n  b", "'", "''s", "1234567"]
    sizes = {name: [[len(w.encode()) for w in split(rules, t)] for t in texts] for name, rules in RULES.items()}
    with open(here / "pre_tokenizer_words.json", "w") as file:
        json.dump({"texts": texts, "bytes_of_words": sizes}, file, separators=(",", ":"))
    words = {name: [bert(t, lower) for t in texts] for name, lower in (("uncased", True), ("cased", False))}
    with open(here / "bert_words.json", "w") as file:
        json.dump({"texts": texts, **words}, file, separators=(",", ":"))


main()
