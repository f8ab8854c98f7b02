"""Kafka's default partitioner, for a column of SIRENs at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SEED = 0x9747B28C
_M = np.uint32(0x5BD1E995)
_WORDS = 2
_SIREN_BYTES = 9


def partitions_of(sirens: NDArray[np.uint32], partitions: int) -> NDArray[np.int64]:
    """The partition of each SIREN written as nine ASCII digits, as every Kafka client computes it, shape (n,)."""
    if not len(sirens):
        # numpy's string functions refuse an empty column.
        return np.zeros(0, np.int64)
    keys = np.char.zfill(sirens.astype("U9"), _SIREN_BYTES).astype("S9")
    return _hashed(keys.view(np.uint8).reshape(len(sirens), _SIREN_BYTES)) % partitions


def partitions_of_keys(keys: Sequence[bytes], partitions: int) -> list[int]:
    """The partition of each key, by the same rule. Raises ValueError where one has not nine bytes."""
    if not keys:
        return []
    if set(map(len, keys)) != {_SIREN_BYTES}:
        raise ValueError(f"a key has not {_SIREN_BYTES} bytes")
    text = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), _SIREN_BYTES)
    found: list[int] = (_hashed(text) % partitions).tolist()
    return found


def _hashed(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Murmur2 (Appleby) with Kafka's seed and masking, for keys of nine bytes: two words of four, and one byte left.

    `text` has shape (n, 9), the result (n,).
    """
    words = np.ascontiguousarray(text[:, : 4 * _WORDS]).view("<u4")
    h = np.full(len(text), _SEED ^ _SIREN_BYTES, np.uint32)
    for i in range(_WORDS):
        k = words[:, i] * _M
        h = (h * _M) ^ ((k ^ (k >> np.uint32(24))) * _M)
    h = (h ^ text[:, -1].astype(np.uint32)) * _M
    h = (h ^ (h >> np.uint32(13))) * _M
    h ^= h >> np.uint32(15)
    return (h & np.uint32(0x7FFFFFFF)).astype(np.int64)
