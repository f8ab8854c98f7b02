"""Whether a record of Kafka names a firm.

Most records that do have its SIREN for a key. Others were refused for what they are: under another key, on another
partition, cut short, not even JSON. They are searched for the SIREN's digits, and those of its SIRETs.
"""

import re
from typing import Any

import msgspec

from streams.dead_letters import decode, original_value

_ESCAPED_DIGIT = re.compile(rb"\\u003([0-9])")


class _Owned(msgspec.Struct):
    """What events and alerts say of whom they are about."""

    siren: str
    siret: str | None = None


_owned = msgspec.json.Decoder(_Owned)


class Mentions:
    """Finds one firm in records."""

    def __init__(self, siren: str) -> None:
        self._siren = siren
        self._digits = siren.encode()
        # At no digit before and behind: an account's number may hold the same nine.
        self._whole = re.compile(rb"(?<!\d)%b(?:\d{5})?(?!\d)" % self._digits)

    def in_record(self, record: Any) -> bool:
        """Whether a record of events or alerts is the firm's, or names it without being another firm's."""
        values = [value for _, value in record.headers if value]
        return self._in(record.key or b"", record.value or b"") or any(map(self._whole.search, values))

    def in_letter(self, record: Any) -> bool:
        """Whether a record of the dead letters has to do with the firm; what is no letter is searched as it is."""
        key, value = record.key or b"", record.value or b""
        try:
            letter = decode(value)
        except msgspec.DecodeError:
            return self._in(key, value)
        return self._in(key, original_value(letter)) or bool(self._whole.search(letter.detail.encode()))

    def _in(self, key: bytes, value: bytes) -> bool:
        if self._digits not in key and self._digits not in value and rb"\u003" not in value:
            return False
        return bool(self._whole.search(key)) or self._in_value(value)

    def _in_value(self, value: bytes) -> bool:
        if not self._whole.search(_ESCAPED_DIGIT.sub(rb"\1", value)):
            return False
        try:
            owned = _owned.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return True
        # A number of another firm's may be the same: an account, a request.
        return not _is_siren(owned.siren) or owned.siren == self._siren or (owned.siret or "").startswith(self._siren)


def _is_siren(text: str) -> bool:
    return len(text) == 9 and text.isascii() and text.isdecimal()
