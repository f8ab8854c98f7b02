"""A dead letter: a record that was refused, whole, with the reason, so that it can be judged and put back.

This file is the contract alone, and needs no Kafka; `refused` reads the topic and puts records back.
"""

import base64
import codecs
import re
from datetime import datetime
from typing import Literal

import msgspec

from streams.topics import ALERTS, EVENTS

Reason = Literal[
    "not-json",
    "not-an-object",
    "unknown-type",
    "missing-field",
    "wrong-type",
    "bad-siren",
    "key-mismatch",
    "wrong-partition",
    "future-date",
    "ancient-date",
    "out-of-range",
    "too-large",
    "newer-version",
    "other",
]
"""Why a record was refused. A metric's label too, hence a closed set."""

LARGEST_VALUE_BYTES = 64 * 1024
"""A longer value is cut here if the original can still be read where it stands."""

LARGEST_KEY_BYTES = 1024
"""A longer key is cut: a letter must never be too large to be written, whatever a client calls its records."""

_LASTING_TOPICS = frozenset({EVENTS, ALERTS})
"""Topics that keep their records for ever."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A refused record. `topic`, `partition` and `offset` are where it stands.

    `value` is its value as text, or in base64 where it is no UTF-8 (`encoding` says which), or its beginning alone
    (`truncated`); `size_bytes` is the size of the original. In `key`, bytes that are no UTF-8 stand as their escapes,
    and of a long one there is the beginning. `refused_at` is wall clock, `by` the program that refused it;
    `schema_version` the version of the events' contract that the record needs.
    """

    reason: Reason
    detail: str
    topic: str
    partition: int
    offset: int
    key: str | None
    value: str
    encoding: Literal["utf-8", "base64"]
    truncated: bool
    size_bytes: int
    refused_at: datetime
    by: str
    schema_version: int = 1


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(DeadLetter)


def dead_letter(
    reason: Reason,
    detail: str,
    *,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    refused_at: datetime,
    by: str,
    schema_version: int = 1,
) -> DeadLetter:
    """The letter for a refused record. A value of None (a tombstone) is kept as an empty one."""
    original = value or b""
    cut = len(original) > LARGEST_VALUE_BYTES and topic in _LASTING_TOPICS
    text, encoding = _as_text(original[:LARGEST_VALUE_BYTES] if cut else original, whole=not cut)
    return DeadLetter(
        reason=reason,
        detail=detail,
        topic=topic,
        partition=partition,
        offset=offset,
        key=None if key is None else key[:LARGEST_KEY_BYTES].decode(errors="backslashreplace"),
        value=text,
        encoding=encoding,
        truncated=cut,
        size_bytes=len(original),
        refused_at=refused_at,
        by=by,
        schema_version=schema_version,
    )


def key_of(key: bytes | None) -> bytes | None:
    """The key of the letter of a record that had this key."""
    return None if key is None else key[:LARGEST_KEY_BYTES]


def encode(letter: DeadLetter) -> bytes:
    """The letter as one line of JSON."""
    return _encoder.encode(letter)


def decode(data: bytes | str) -> DeadLetter:
    """The letter from its JSON; unknown fields are ignored. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


def original_value(letter: DeadLetter) -> bytes:
    """The refused value's bytes; of a truncated letter, their beginning."""
    return base64.b64decode(letter.value) if letter.encoding == "base64" else letter.value.encode()


def classify(error: Exception) -> Reason:
    """The reason behind what msgspec raised on decoding an event.

    Rests on the wording of msgspec's messages, which a test holds against real ones: a new wording gives "other".
    """
    message = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return "not-json" if isinstance(error, msgspec.DecodeError | UnicodeDecodeError) else "other"
    if message.endswith("- at `$.type`") or message == "Object missing required field `type`":
        return "unknown-type"
    if message.endswith("- at `$.siren`"):
        return "bad-siren"
    for pattern, reason in _PATTERNS:
        if pattern.search(message):
            return reason
    return "other"


_PATTERNS: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile(r"^Expected `object`, got `[a-z]+`$"), "not-an-object"),
    (re.compile(r"^Object missing required field"), "missing-field"),
    (re.compile(r"^Expected `(?:int|float)` [<>]=? |^(?:Number|Integer value) out of range"), "out-of-range"),
    (re.compile(r"^Expected |^Invalid "), "wrong-type"),
)


def _as_text(value: bytes, *, whole: bool) -> tuple[str, Literal["utf-8", "base64"]]:
    try:
        # Of a value cut in the middle of a character, the rest of that character goes too.
        return value.decode() if whole else codecs.getincrementaldecoder("utf-8")().decode(value), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(value).decode(), "base64"
