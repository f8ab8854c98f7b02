"""Whoever names the firm is found, in whatever shape; whoever has the same digits by chance is not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dead_letters import dead_letter, encode
from streams.mentions import Mentions

SIREN = "123456789"
OTHER = "987654321"
MENTIONS = Mentions(SIREN)


@dataclass
class Record:
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


def event(siren: str = OTHER, **more: str) -> bytes:
    return json.dumps({"type": "headcount", "siren": siren, **more}).encode()


FOUND = {
    "its event": Record(SIREN.encode(), event(SIREN)),
    "nothing but its key": Record(SIREN.encode(), None),
    "under another key": Record(OTHER.encode(), event(SIREN)),
    "under no key": Record(None, event(SIREN)),
    "its SIRET for a key": Record(f"{SIREN}00012".encode(), b"x"),
    "a number": Record(None, b'{"siren": 123456789}'),
    "escaped": Record(None, event(SIREN).replace(b"9", rb"\u0039")),
    "cut short": Record(None, event(SIREN, account="1")[:-5]),
    "no JSON": Record(None, b"\xff 12345678900012 \xff"),
    "another's event about its establishment": Record(OTHER.encode(), event(siret=f"{SIREN}00012")),
    "in a header": Record(None, None, [("of", b"123456789"), ("empty", None)]),
}
NOT_FOUND = {
    "nothing": Record(None, None, [("type", b"headcount")]),
    "another's event": Record(OTHER.encode(), event()),
    "another's account": Record(OTHER.encode(), event(account=SIREN)),
    "among more digits": Record(None, b'{"account": "0123456789", "other": "123456789000123"}'),
}


@pytest.mark.parametrize("record", FOUND.values(), ids=FOUND)
def test_found(record: Record) -> None:
    assert MENTIONS.in_record(record)
    assert not record.value or record.headers or MENTIONS.in_letter(refused(record))


@pytest.mark.parametrize("record", NOT_FOUND.values(), ids=NOT_FOUND)
def test_not_found(record: Record) -> None:
    assert not MENTIONS.in_record(record)
    assert not MENTIONS.in_letter(refused(record))


def test_letters_tell_more_than_what_was_refused() -> None:
    assert MENTIONS.in_letter(refused(Record(None, b"x"), detail=f"its key is {SIREN}"))
    assert MENTIONS.in_letter(Record(None, f"no letter, {SIREN}".encode()))
    assert not MENTIONS.in_letter(Record(None, b"no letter"))


@settings(max_examples=30)
@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.text(), st.text())
def test_any_siren_between_anything_but_digits(siren: str, before: str, behind: str) -> None:
    value = f"{before}|{siren}|{behind}".encode(errors="replace")
    assert Mentions(siren).in_record(Record(None, value))


def refused(record: Record, detail: str = "for a reason") -> Record:
    letter = dead_letter(
        "other", detail, topic="vigie.events", partition=0, offset=1, key=record.key, value=record.value,
        refused_at=datetime(2026, 3, 2, tzinfo=UTC), by="test",
    )  # fmt: skip
    return Record(record.key, encode(letter))
