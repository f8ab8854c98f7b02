"""Kafka's default partitioner, for a column of SIRENs at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SEED = 0x9747B28C
_M = np.uint32(0x5BD1E995)
_WORDS = 2
SIREN_BYTES = 9
_TENS = (10 ** np.arange(SIREN_BYTES - 1, -1, -1)).astype(np.uint32)


def partitions_of(sirens: NDArray[np.uint32], partitions: int) -> NDArray[np.int64]:
    """The partition of each SIREN written as nine ASCII digits, as every Kafka client computes it, shape (n,)."""
    return partitions_of_digits(digits_of(sirens), partitions)


def digits_of(sirens: NDArray[np.uint32]) -> NDArray[np.bytes_]:
    """Each SIREN written as nine ASCII digits, shape (n,)."""
    return _digits(sirens).view(f"S{SIREN_BYTES}").reshape(len(sirens))


def partitions_of_digits(digits: NDArray[np.bytes_], partitions: int) -> NDArray[np.int64]:
    """The same of SIRENs that are written so already."""
    return _hashed(digits.view(np.uint8).reshape(len(digits), SIREN_BYTES)) % partitions


def _digits(sirens: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return (sirens[:, None] // _TENS % 10 + ord("0")).astype(np.uint8)


def partitions_of_keys(keys: Sequence[bytes], partitions: int) -> list[int]:
    """The partition of each key, by the same rule. Raises ValueError where one has not nine bytes."""
    if not keys:
        return []
    if set(map(len, keys)) != {SIREN_BYTES}:
        raise ValueError(f"a key has not {SIREN_BYTES} bytes")
    text = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), SIREN_BYTES)
    found: list[int] = (_hashed(text) % partitions).tolist()
    return found


def _hashed(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Murmur2 (Appleby) with Kafka's seed and masking, for keys of nine bytes: two words of four, and one byte left.

    `text` has shape (n, 9), the result (n,).
    """
    words = np.ascontiguousarray(text[:, : 4 * _WORDS]).view("<u4")
    h = np.full(len(text), _SEED ^ SIREN_BYTES, np.uint32)
    for i in range(_WORDS):
        k = words[:, i] * _M
        h = (h * _M) ^ ((k ^ (k >> np.uint32(24))) * _M)
    h = (h ^ text[:, -1].astype(np.uint32)) * _M
    h = (h ^ (h >> np.uint32(13))) * _M
    h ^= h >> np.uint32(15)
    return (h & np.uint32(0x7FFFFFFF)).astype(np.int64)
