#!/usr/bin/env python3
"""Writes the corpus of the GGUF reader, tests/data/corpus/gguf, with nothing of the library's own: python3 make_corpus.py

What the files hold is what corpus_test.cpp expects of them.
"""

import struct
from pathlib import Path

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}
TENSOR_F32, TENSOR_F16, TENSOR_Q8_0, TENSOR_Q4_K = 0, 1, 8, 12


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, content, order="<"):
    return string(content) if kind == STRING else struct.pack(order + FORMS[kind], content)


def entry(key, kind, content):
    """A scalar, or an array of the kind where the content is a list."""
    if isinstance(content, list):
        head = struct.pack("<IIQ", ARRAY, kind, len(content))
        return string(key) + head + b"".join(value(kind, each) for each in content)
    return string(key) + struct.pack("<I", kind) + value(kind, content)


def file(entries, tensors, version=3, alignment=32):
    """tensors: (name, dims, type, bytes)."""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries)) + b"".join(entry(*each) for each in entries)
    data = b""
    for name, dims, kind, content in tensors:
        out += string(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        out += struct.pack("<IQ", kind, len(data))
        data += content + bytes(-len(content) % alignment)
    return out + bytes(-len(out) % alignment) + data


SCALARS = [
    ("t.u8", U8, 200), ("t.i8", I8, -100), ("t.u16", U16, 60000), ("t.i16", I16, -30000), ("t.u32", U32, 4000000000),
    ("t.i32", I32, -2000000000), ("t.f32", F32, 0.1), ("t.bool", BOOL, True), ("t.string", STRING, "häuser\n\"x\""),
    ("t.u64", U64, 2**64 - 1), ("t.i64", I64, -2**63), ("t.f64", F64, 1e300),
]
ARRAYS = [(key.replace("t.", "a."), kind, [content] * 3) for key, kind, content in SCALARS]
ALL = [("general.architecture", STRING, "none")] + SCALARS + ARRAYS + [
    ("a.empty", I32, []), ("a.words", STRING, ["", "a", "bc"]), ("a.many", I32, list(range(20)))]
TENSORS = [
    ("cube.weight", (2, 3, 2), TENSOR_F32, struct.pack("<12f", *range(12))),
    ("half.weight", (5,), TENSOR_F16, struct.pack("<5e", 0, 1, -2, 0.5, 65504)),
    ("blocks.weight", (32, 2), TENSOR_Q8_0, (struct.pack("<e", 0.5) + bytes(range(32))) * 2),
]


def split(number, count, total):
    return [("split.no", U16, number), ("split.count", U16, count), ("split.tensors.count", I32, total)]


FILES = {
    "all-v3": file(ALL, TENSORS),
    "all-v2": file(ALL, TENSORS, version=2),
    "aligned": file([("general.alignment", U32, 256)] + SCALARS[:2], TENSORS, alignment=256),
    "bare": file([], []),
    "vocabulary": file([("tokenizer.ggml.tokens", STRING, ["<s>", "</s>"] + [f"t{i}" for i in range(40)])], []),
    "unknown-type": file([], [("later.weight", (256, 2), TENSOR_Q4_K, bytes(288)), TENSORS[0]]),
    "split-00001-of-00002": file(SCALARS + split(0, 2, 3), TENSORS[:1]),
    "split-00002-of-00002": file(split(1, 2, 3), TENSORS[1:]),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "version-1": b"GGUF" + struct.pack("<III", 1, 0, 0) + bytes(16),
    "version-4": file([], [], version=4),
    "nested": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("n") + struct.pack("<IIQ", ARRAY, ARRAY, 1)
    + struct.pack("<IQI", U32, 1, 7),
}

if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[3] / "data/corpus/gguf"
    folder.mkdir(parents=True, exist_ok=True)
    for stem, content in FILES.items():
        (folder / f"{stem}.gguf").write_bytes(content)
