#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: tests/data/corpus/tokenizer_text and tokenizer_vocab."""

import struct
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "data" / "corpus"
MARK = "\u2581"


def byte_characters():
    itself = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) if b in itself else chr(0x100 + [x for x in range(256) if x not in itself].index(b)) for b in range(256)]


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf(entries):
    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries))
    for key, value in entries.items():
        out += string(key)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + string(value)
        elif isinstance(value, bool):
            out += struct.pack("<I?", 7, value)
        elif isinstance(value, int):
            out += struct.pack("<II", 4, value)
        elif isinstance(value[0], str):
            out += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(string, value))
        else:
            kind, code = (6, "f") if isinstance(value[0], float) else (5, "i")
            out += struct.pack(f"<IIQ{len(value)}{code}", 9, kind, len(value), *value)
    return out


def vocabulary(model, tokens, types, **more):
    entries = {"model": model, "tokens": tokens, "token_type": types, **more}
    return gguf({f"tokenizer.ggml.{key}": value for key, value in entries.items()})


def lines(model, pre, tokens, merges=()):
    rows = [model, pre] + [f"{kind}{chr(ord('m') + score)}{text}" for text, kind, score in tokens] + [f"+{m}" for m in merges]
    return "\n".join(rows).encode()


def main():
    texts = CORPUS / "tokenizer_text"
    vocabularies = CORPUS / "tokenizer_vocab"
    for folder in (texts, vocabularies):
        folder.mkdir(parents=True, exist_ok=True)
    for first in range(10):
        text = "abab aab  a\n\n\n'll 123 <|x|>x|>\u00e9\u3000\U0001F600 <s2>"
        (texts / f"family-{first}").write_bytes(bytes([first | 0xC0]) + text.encode() + b"\xff\xe4\xb8")
    letters = [c for c in "ab<s>"]
    plain = [(MARK, 1, -1), *((c, 1, -2) for c in letters), ("ab", 1, 1), (MARK + "a", 1, 2), ("<unk>", 2, 0), ("[CLS]", 3, 0),
             ("[SEP]", 3, 0), ("[UNK]", 3, 0), ("<|x|>", 4, 0)]
    plain = list({text: (text, kind, score) for text, kind, score in plain}.values())
    (vocabularies / "lines-llama").write_bytes(lines("llama", "", plain))
    (vocabularies / "lines-bert").write_bytes(lines("bert", "", plain))
    (vocabularies / "lines-gpt2").write_bytes(lines("gpt2", "qwen2", plain, ["a b"]))
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + [MARK, "a", "b", "ab"]
    types = [2, 3, 3] + [6] * 256 + [1] * 4
    (vocabularies / "llama.gguf").write_bytes(vocabulary(
        "llama", pieces, types, scores=[0.0] * 259 + [-1.0, -2.0, -3.0, -4.0], bos_token_id=1, add_bos_token=True))
    (vocabularies / "gpt2.gguf").write_bytes(vocabulary(
        "gpt2", byte_characters() + ["ab", "abab", "<|x|>"], [1] * 258 + [4], pre="llama-bpe",
        merges=["a b", "ab ab"], bos_token_id=258))
    (vocabularies / "bert.gguf").write_bytes(vocabulary(
        "bert", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", MARK + "a", "b"], [3, 3, 3, 3, 1, 1], cls_token_id=2))


main()
