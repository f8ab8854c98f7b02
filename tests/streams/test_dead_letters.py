from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.events import AnyEvent, check_digits
from streams.dead_letters import (
    LARGEST_KEY_BYTES,
    LARGEST_VALUE_BYTES,
    DeadLetter,
    Reason,
    classify,
    dead_letter,
    decode,
    encode,
    key_of,
    original_value,
)
from streams.topics import ALERTS, DEAD_LETTERS, EVENTS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HEADCOUNT: dict[str, Any] = {
    "type": "headcount",
    "siren": "012345678",
    "siret": None,
    "known_at": "2018-02-01",
    "account": None,
    "month": "2018-01-01",
    "headcount": 3,
}
DELAY: dict[str, Any] = {
    "type": "payment-delay",
    "siren": "012345678",
    "siret": None,
    "known_at": "2018-02-01",
    "account": "a",
    "period_start": "2018-01-01",
    "period_end": "2018-02-01",
    "sequence": "1",
    "version": 1,
    "employee_share": 1.5,
    "employer_share": 2,
    "counted_from": "2018-02-01",
    "account_state": None,
    "proceeding_code": None,
    "operation_code": 1,
    "reason_code": "x",
    "disputed": None,
}


def letter(value: bytes | None, topic: str = EVENTS, key: bytes | None = b"012345678") -> DeadLetter:
    return dead_letter(
        "other", "why", topic=topic, partition=1, offset=2, key=key, value=value, refused_at=NOW, by="test"
    )


def changed(event: dict[str, Any], **fields: Any) -> bytes:
    return msgspec.json.encode({**event, **fields})


def without(event: dict[str, Any], name: str) -> bytes:
    return msgspec.json.encode({key: value for key, value in event.items() if key != name})


CASES: list[tuple[bytes, Reason]] = [
    (b"", "not-json"),
    (b"{", "not-json"),
    (b"\xff\xfe", "not-json"),
    (msgspec.json.encode(HEADCOUNT) + b" {}", "not-json"),
    (b'{"type":"clock","known_at":"2018-02-01","x":NaN}', "not-json"),
    (b"[]", "not-an-object"),
    (b"3", "not-an-object"),
    (b"null", "not-an-object"),
    (b'"text"', "not-an-object"),
    (b"{}", "unknown-type"),
    (b'{"type":null}', "unknown-type"),
    (changed(HEADCOUNT, type="headcounts"), "unknown-type"),
    (changed(HEADCOUNT, type=3), "unknown-type"),
    (without(HEADCOUNT, "type"), "unknown-type"),
    (without(HEADCOUNT, "known_at"), "missing-field"),
    (without(HEADCOUNT, "siren"), "missing-field"),
    (without(DELAY, "version"), "missing-field"),
    (changed(HEADCOUNT, siren="12"), "bad-siren"),
    (changed(HEADCOUNT, siren="12345678a"), "bad-siren"),
    (changed(HEADCOUNT, siren=123456789), "bad-siren"),
    (changed(HEADCOUNT, siren=None), "bad-siren"),
    (changed(HEADCOUNT, siret="12"), "wrong-type"),
    (changed(HEADCOUNT, siret="1234567890123a"), "wrong-type"),
    (changed(HEADCOUNT, known_at=None), "wrong-type"),
    (changed(HEADCOUNT, month="2018-01"), "wrong-type"),
    (changed(HEADCOUNT, month="2018-02-30"), "wrong-type"),
    (changed(HEADCOUNT, headcount="many"), "wrong-type"),
    (changed(HEADCOUNT, account="x" * 65), "wrong-type"),
    (changed(DELAY, disputed=1), "wrong-type"),
    (changed(DELAY, version=1.5), "wrong-type"),
    (changed(HEADCOUNT, headcount=-1), "out-of-range"),
    (changed(HEADCOUNT, headcount=1e10), "out-of-range"),
    (changed(DELAY, version=-1), "out-of-range"),
    (changed(DELAY, version=2_000_000_000), "out-of-range"),
    (changed(DELAY, version=10**30), "out-of-range"),
    (changed(DELAY, employee_share=-1e13), "out-of-range"),
    (changed(DELAY, employee_share="@").replace(b'"@"', b"1e400"), "out-of-range"),
]


@pytest.mark.parametrize(("value", "reason"), CASES)
def test_reasons_behind_real_messages(value: bytes, reason: Reason) -> None:
    with pytest.raises(msgspec.DecodeError) as caught:
        check_digits(msgspec.json.decode(value, type=AnyEvent))
    assert classify(caught.value) == reason


def test_no_msgspec_error_is_other() -> None:
    assert classify(KeyError("x")) == "other"
    assert classify(msgspec.ValidationError("a wording never seen")) == "other"


def test_reasons_are_words_fit_for_a_label() -> None:
    for word in get_args(Reason):
        assert word.replace("-", "").isalpha()
        assert word.islower()


@given(st.binary(max_size=300), st.one_of(st.none(), st.binary(max_size=20)))
def test_a_value_comes_back_byte_for_byte(value: bytes, key: bytes | None) -> None:
    back = decode(encode(letter(value, key=key)))
    assert original_value(back) == value
    assert back.size_bytes == len(value)
    assert (back.key is None) == (key is None)


def test_no_key_makes_a_letter_too_large() -> None:
    key = b"\xff" * 5_000_000
    assert len(encode(letter(b"v", key=key))) < 10_000
    assert (key_of(None), key_of(b""), key_of(key)) == (None, b"", key[:LARGEST_KEY_BYTES])


def test_a_tombstone_is_an_empty_value() -> None:
    assert (letter(None).value, letter(None).size_bytes) == ("", 0)


@pytest.mark.parametrize("filler", [b"x", "é".encode(), b"\xff"])
@pytest.mark.parametrize("more", [0, 1, 2])
def test_long_values_are_cut_where_their_original_lasts(filler: bytes, more: int) -> None:
    value = b"a" + filler * LARGEST_VALUE_BYTES + b"b" * more
    cut = letter(value)
    assert cut.truncated
    assert cut.size_bytes == len(value)
    assert value.startswith(original_value(cut))
    assert letter(value, topic=ALERTS).value == cut.value
    assert LARGEST_VALUE_BYTES - 3 <= len(original_value(cut)) <= LARGEST_VALUE_BYTES
    assert (cut.encoding == "base64") == (filler == b"\xff")


def test_long_values_are_kept_whole_where_it_does_not_or_where_they_just_fit() -> None:
    long = b"x" * (LARGEST_VALUE_BYTES + 1)
    for whole in (letter(long, topic=DEAD_LETTERS), letter(long[:-1])):
        assert not whole.truncated
        assert len(original_value(whole)) == whole.size_bytes


@pytest.mark.parametrize("change", [lambda d: d | {"more": 1}, lambda d: d])
def test_unknown_fields_are_ignored(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    data = msgspec.json.encode(change(msgspec.json.decode(encode(letter(b"v")))))
    assert decode(data) == letter(b"v")


def test_what_is_no_letter_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b"{}")
    with pytest.raises(msgspec.DecodeError):
        decode(encode(letter(b"v")).replace(b'"other"', b'"because"'))
