"""Writes and reads the GGUF v3 files of this folder.

    "GGUF" | version u32 | tensors u64 | metadata u64
    metadata: key string | type u32 | value            strings: length u64 | utf-8
    tensor:   name string | dims u32 | dims x u64, innermost first | type u32 | offset u64
    padding to 32 | data, each tensor padded to 32

Matrices are Q8_0: blocks of 32 weights, f16 scale (largest magnitude / 127), 32 x int8. Vectors are F32.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

ALIGNMENT, BLOCK = 32, 32
F32, Q8_0 = 0, 8
_U32, _F32, _BOOL, _STRING, _ARRAY = 4, 6, 7, 8, 9
_I32 = 5


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """A metadata value with its type; lists are arrays of strings, i32 or f32 after their first item."""
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _U32, value)
    if isinstance(value, float):
        return struct.pack("<If", _F32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    kind = {str: _STRING, int: _I32, float: _F32}[type(value[0])]
    head = struct.pack("<IIQ", _ARRAY, kind, len(value))
    if kind == _STRING:
        return head + b"".join(map(_string, value))
    return head + np.asarray(value, "<i4" if kind == _I32 else "<f4").tobytes()


def quantize(matrix: np.ndarray) -> bytes:
    """Rows to Q8_0, rounding to nearest with the scale the reader will see."""
    blocks = matrix.astype("<f4").reshape(-1, BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    packed = np.zeros(len(blocks), [("d", "<f2"), ("q", "i1", BLOCK)])
    packed["d"] = scale[:, 0]
    packed["q"] = np.clip(np.rint(blocks * inverse), -127, 127)
    return packed.tobytes()


def write(path: Path, metadata: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    """Writes matrices as Q8_0 and vectors as F32."""
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
    for key, value in metadata.items():
        out += _string(key) + _value(value)
    data = bytearray()
    for name, tensor in tensors.items():
        kind = Q8_0 if tensor.ndim == 2 else F32
        out += _string(name) + struct.pack("<I", tensor.ndim) + struct.pack(f"<{tensor.ndim}Q", *tensor.shape[::-1])
        out += struct.pack("<IQ", kind, len(data))
        data += quantize(tensor) if kind == Q8_0 else tensor.astype("<f4").tobytes()
        data += bytes(-len(data) % ALIGNMENT)
    out += bytes(-len(out) % ALIGNMENT)
    path.write_bytes(bytes(out + data))


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, form: str) -> Any:
        value = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return value[0]

    def string(self) -> str:
        length = self.take("Q")
        self.at += length
        return self.raw[self.at - length:self.at].decode()

    def value(self, kind: int | None = None) -> Any:
        kind = self.take("I") if kind is None else kind
        if kind == _ARRAY:
            inner, count = self.take("I"), self.take("Q")
            return [self.value(inner) for _ in range(count)]
        return self.string() if kind == _STRING else self.take({_U32: "I", _I32: "i", _F32: "f", _BOOL: "?"}[kind])


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Metadata and dequantised tensors of a file written by write()."""
    cursor = _Cursor(path.read_bytes())
    magic, version, tensors, keys = struct.unpack_from("<4sIQQ", cursor.raw)
    if magic != b"GGUF" or version != 3:
        raise ValueError(f"{path} starts with {magic!r} version {version}, expected GGUF version 3")
    cursor.at = struct.calcsize("<4sIQQ")
    metadata = {}
    for _ in range(keys):
        key = cursor.string()
        metadata[key] = cursor.value()
    infos = [(cursor.string(), [cursor.take("Q") for _ in range(cursor.take("I"))], cursor.take("I"), cursor.take("Q"))
             for _ in range(tensors)]
    start = -(-cursor.at // ALIGNMENT) * ALIGNMENT
    return metadata, {n: _tensor(cursor.raw, start + offset, shape, kind) for n, shape, kind, offset in infos}


def _tensor(raw: bytes, at: int, shape: list[int], kind: int) -> np.ndarray:
    count = int(np.prod(shape))
    if kind == F32:
        return np.frombuffer(raw, "<f4", count, at).reshape(shape[::-1])
    blocks = np.frombuffer(raw, [("d", "<f2"), ("q", "i1", BLOCK)], count // BLOCK, at)
    return (blocks["d"].astype("f4")[:, None] * blocks["q"]).reshape(shape[::-1])
