"""A part of a cohort as the value of its record: bytes of a kind one after the other, then zlib.

A firm has 85 bytes: its SIREN, as the difference from the one before; codes; log-odds of members; the score. By
columns, and each byte of a number apart from the others, much repeats: what is not known yet, codes that firms share,
signs and exponents. What is left is 54 bytes a firm, or less.

The first byte is the format. Up to 4 it was that of the firms' records, with plain arrays behind it.
"""

import zlib

import msgspec
import numpy as np

from detectors.arrays import Array
from detectors.firm_record import check_format
from detectors.labels import Cohort

FORMAT = 5
_QUICK = 1
"""Of zlib: what takes twice as long saves a fortieth."""


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    """How many codes and members a firm has; the firms."""

    features: int
    members: int
    firms: bytes


def part_value(part: Cohort) -> bytes:
    """A part of a cohort as bytes, equal ones for equal parts."""
    features, members = part.codes.shape[1], part.members.shape[1]
    rows = np.empty(len(part), _row(features, members))
    rows["siren"] = np.diff(part.sirens, prepend=np.uint32(0))
    rows["codes"], rows["members"], rows["logit"] = part.codes, part.members, part.logits
    columns = rows.view(np.uint8).reshape(len(part), rows.itemsize).T
    packed = _Packed(features, members, zlib.compress(columns.tobytes(), _QUICK))
    return bytes([FORMAT]) + msgspec.msgpack.encode(packed)


def part_of(month: int, value: bytes) -> Cohort:
    """The part of a month's cohort that these bytes say, of any format that is read."""
    if value[0] != FORMAT:
        sirens, codes, members, logits = msgspec.msgpack.decode(value[1:], type=tuple[Array, Array, Array, Array])
        return Cohort(month, sirens.open(), codes.open(), members.open(), logits.open())
    packed = msgspec.msgpack.decode(value[1:], type=_Packed)
    row = _row(packed.features, packed.members)
    columns = np.frombuffer(zlib.decompress(packed.firms), np.uint8).reshape(row.itemsize, -1)
    rows = np.ascontiguousarray(columns.T).view(row)[:, 0]
    return Cohort(
        month,
        np.cumsum(rows["siren"], dtype=np.uint32),
        np.ascontiguousarray(rows["codes"]),
        np.ascontiguousarray(rows["members"]),
        np.ascontiguousarray(rows["logit"]),
    )


def require_readable(key: bytes, value: bytes) -> None:
    """Raises UnreadableState where the record of this key has a format that is not read."""
    if value[0] != FORMAT:
        check_format(key, value[0])


def without(key: bytes, value: bytes, siren: int) -> bytes:
    """A value without a firm, the very same where the part has none of this SIREN. Raises UnreadableState."""
    require_readable(key, value)
    part = part_of(0, value)
    kept = part.sirens != siren
    return value if kept.all() else part_value(part.rows(kept))


def _row(features: int, members: int) -> np.dtype[np.void]:
    return np.dtype([("siren", "<u4"), ("codes", "u1", (features,)), ("members", "<f4", (members,)), ("logit", "<f8")])
