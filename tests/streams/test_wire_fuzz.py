"""Whatever a client writes to vigie.events is refused with a reason or does no harm: nothing stops its partition."""

import json
from datetime import UTC, date, datetime
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.chain import Chain
from detectors.models import prior
from streams.admission import admit
from streams.dead_letters import Reason, dead_letter, decode, encode, key_of
from streams.topics import DEAD_LETTERS, TopicOptions, table
from tests.streams.extremes import event
from tests.streams.received import Received

LATEST = date(2020, 1, 2).toordinal()
LARGEST_LETTER = next(int(t.configs["max.message.bytes"]) for t in table(TopicOptions()) if t.name == DEAD_LETTERS)
HOSTILE: list[Any] = [
    float("nan"),
    float("-inf"),
    10**400,
    -(2**63) - 1,
    1e308,
    5e-324,
    "'; DROP TABLE firms; --",
    "<script>alert(1)</script>",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "\u202e\u2066\ufeff\x00",
    "\ud800",
    "2018-02-30",
    "0000-00-00",
    "9999-12-31",
    "1979-12-31",
    "x" * 100_000,
    {"siren": "123456789"},
    [[[[]]]],
]
SPLICES = [b"", b"\x00", b"\xff\xfe", b"\\u0000", b"\\ud83d", b'"', b"{", b"}", b"[" * 2_000, b"1e999", b"-", b","]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """An event with some of its fields changed, gone, doubled or new, then some of its bytes."""
    fields: dict[str, Any] = msgspec.to_builtins(draw(event()))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(fields) or [""]) | st.text(max_size=5))
        if draw(st.integers(0, 4)):
            fields[name] = draw(anything)
        else:
            fields.pop(name, None)
    value = json.dumps(fields).encode()
    if draw(st.booleans()):
        return value
    at = draw(st.integers(0, len(value)))
    cut = draw(st.integers(0, 4))
    return value[:at] + draw(st.sampled_from(SPLICES) | st.binary(max_size=5)) + value[at + cut :]


def keys_of(value: bytes) -> list[bytes | None]:
    """Its own key, where it has one, and some that are not."""
    try:
        own = str(json.loads(value)["siren"]).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        own = b"?"
    return [own, own, own, None, b"", b"\xff" * 3_000]


@st.composite
def records(draw: st.DrawFn) -> list[Received]:
    values = draw(st.lists(mangled() | st.binary(max_size=60), max_size=8))
    return [Received(draw(st.sampled_from(keys_of(value))), value, offset) for offset, value in enumerate(values)]


@settings(max_examples=300)
@given(records())
def test_every_record_is_applied_or_refused_and_none_breaks_the_chain(sent: list[Received]) -> None:
    admitted = admit(sent, 0, 1, LATEST)
    refused = [refusal.position for refusal in admitted.refusals]
    assert sorted([*refused, *admitted.positions]) == list(range(len(sent)))
    for outcome in Chain(prior()).step(admitted.batch):
        assert outcome.changed.size >= 0
    for position, reason, detail in admitted.refusals:
        record = sent[position]
        letter = dead_letter(
            reason,
            detail,
            topic="vigie.events",
            partition=0,
            offset=record.offset,
            key=record.key,
            value=record.value,
            refused_at=datetime(2026, 1, 1, tzinfo=UTC),
            by="test",
        )
        written = encode(letter)
        assert decode(written) == letter
        assert reason in get_args(Reason)
        assert detail.isprintable()
        assert len(written) + len(key_of(record.key) or b"") < LARGEST_LETTER


@given(st.integers(0, 1_000_000), st.sampled_from(["[", '{"a":', "-", "1", "\\u0000", '"']))
@settings(max_examples=40)
def test_no_depth_and_no_length_is_too_much(count: int, piece: str) -> None:
    value = b'{"type":"firm","x":' + piece.encode() * count
    (refusal,) = admit([Received(b"x", value)], 0, 1, LATEST).refusals
    assert refusal.reason in ("not-json", "other")
