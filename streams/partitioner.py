"""Kafka's default partitioner, for a column of SIRENs at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SEED = 0x9747B28C
_M = np.uint32(0x5BD1E995)
SIREN_BYTES = 9
_KEY = np.dtype([("words", "<u4", 2), ("last", "u1")])
"""A key, as the hash takes it: two words of four bytes, and one byte left."""
_START = np.uint32((_SEED ^ SIREN_BYTES) * int(_M) % 2**32)
_TENS = (10 ** np.arange(SIREN_BYTES - 1, -1, -1)).astype(np.uint32)


def partitions_of(sirens: NDArray[np.uint32], partitions: int) -> NDArray[np.int64]:
    """The partition of each SIREN written as nine ASCII digits, as every Kafka client computes it, shape (n,)."""
    digits = (sirens[:, None] // _TENS % 10 + ord("0")).astype(np.uint8)
    return _hashed(digits.view(_KEY)[:, 0]) % partitions


def partitions_of_keys(keys: Sequence[bytes], partitions: int) -> list[int]:
    """The partition of each key, by the same rule. Raises ValueError where one has not nine bytes."""
    if set(map(len, keys)) - {SIREN_BYTES}:
        raise ValueError(f"a key has not {SIREN_BYTES} bytes")
    return partitions_of_text(b"".join(keys), partitions)


def partitions_of_text(keys: bytes, partitions: int) -> list[int]:
    """The same of keys of nine bytes each, one after the other."""
    found: list[int] = (_hashed(np.frombuffer(keys, _KEY)) % partitions).tolist()
    return found


def _hashed(keys: NDArray[np.void]) -> NDArray[np.int64]:
    """Murmur2 (Appleby) with Kafka's seed and masking, of rows of _KEY: shape (n,), as the result."""
    words: NDArray[np.uint32] = keys["words"] * _M
    words = (words ^ (words >> np.uint32(24))) * _M
    h = (_START ^ words[:, 0]) * _M ^ words[:, 1]
    h = (h ^ keys["last"].astype(np.uint32)) * _M
    h = (h ^ (h >> np.uint32(13))) * _M
    h ^= h >> np.uint32(15)
    return (h & np.uint32(0x7FFFFFFF)).astype(np.int64)
