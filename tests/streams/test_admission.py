from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import alert as contract
from alerts.alert import Origin
from detectors import pack
from detectors.chain import Chain
from detectors.events import EARLIEST, AnyEvent, Event
from detectors.models import prior
from streams.admission import Admitted, admit
from streams.alerting import alert_of
from streams.dead_letters import Reason
from streams.wire import VERSION_HEADER
from tests.detectors.making import (
    SIREN,
    clock,
    commission,
    contribution,
    debt,
    firm,
    headcount,
    proceeding,
    request,
    schedule,
    use,
)
from tests.streams.extremes import event
from tests.streams.received import Received, home, received

PARTITIONS = 4
HERE = home(SIREN, PARTITIONS)
LATEST = date(2020, 1, 2)
GOOD = received(headcount())


def admitted(*records: Received, partition: int = HERE, latest: date = LATEST) -> Admitted:
    return admit(records, partition, PARTITIONS, latest.toordinal())


def reasons(*records: Received, partition: int = HERE) -> list[Reason]:
    return [refusal.reason for refusal in admitted(*records, partition=partition).refusals]


def test_events_keep_their_order_and_their_records() -> None:
    bad = Received(b"x", b"no JSON", 1)
    records = [received(debt(), 0), bad, received(clock(date(2018, 2, 1)), 2), received(firm(), 3), bad]
    result = admitted(*records)
    assert result.positions == [0, 2, 3]
    assert result.batch.events.at(range(3)) == [debt(), clock(date(2018, 2, 1)), firm()]
    assert result.batch.offsets is not None
    assert result.batch.offsets.tolist() == [0, 2, 3]
    assert [(r.position, r.reason) for r in result.refusals] == [(1, "not-json"), (4, "not-json")]


def test_strays_are_refused_in_order_with_the_others() -> None:
    stranger = next(f"{n:09d}" for n in range(100) if home(f"{n:09d}", PARTITIONS) != HERE)
    stray = received(headcount(stranger), 0)
    time = received(clock(date(2018, 2, 1)), 5)
    result = admitted(time, stray, GOOD, Received(None, b""), time, stray, Received(b"x", GOOD.value), time)
    assert [(r.position, r.reason) for r in result.refusals] == [
        (1, "wrong-partition"),
        (3, "not-json"),
        (5, "wrong-partition"),
        (6, "key-mismatch"),
    ]
    assert result.positions == [0, 2, 4, 7]
    assert result.batch.offsets is not None
    assert result.batch.offsets.tolist() == [5, GOOD.offset, 5, 5]


@pytest.mark.parametrize("records", [[], [Received(None, None)], [received(clock(date(2018, 1, 1)))]])
def test_batches_without_any_firm(records: list[Received]) -> None:
    result = admitted(*records)
    assert len(result.batch) + len(result.refusals) == len(records)


def test_keys() -> None:
    wrong = [b"732829321", None, b"", b" 732829320", b"\xff"]
    assert reasons(*(Received(key, GOOD.value) for key in wrong)) == ["key-mismatch"] * len(wrong)
    known_at = date(2018, 1, 1)
    assert reasons(*(Received(key, received(clock(known_at)).value) for key in wrong)) == []
    detail = admitted(Received(b"\x1b[2J" * 100, GOOD.value)).refusals[0].detail
    assert "\x1b" not in detail
    assert len(detail) < 300


@pytest.mark.parametrize(
    ("field", "odd", "reason"),
    [("siren", odd, "bad-siren") for odd in ("73282932a", "73282932\u0664", " 73282932", "7328_2932")]
    + [("siret", odd, "wrong-type") for odd in ("7328293200007x", "+7328293200007", "7328293200007²")],
)
def test_identifiers_are_digits(field: str, odd: str, reason: Reason) -> None:
    fields = msgspec.to_builtins(headcount()) | {field: odd}
    wrong = Received(fields["siren"].encode(), msgspec.json.encode(fields), 1)
    result = admitted(Received(b"x", b"{}"), GOOD, wrong, received(clock(date(2018, 2, 1))))
    assert [(r.position, r.reason) for r in result.refusals] == [(0, "unknown-type"), (2, reason)]
    digits = 9 if field == "siren" else 14
    assert result.refusals[1].detail == f"Expected `str` matching regex '^[0-9]{{{digits}}}$' - at `$.{field}`"
    assert result.positions == [1, 3]


@pytest.mark.parametrize(
    ("known_at", "expected"),
    [
        (date(2020, 1, 2), []),
        (date(2020, 1, 3), ["future-date"]),
        (date(9999, 12, 31), ["future-date"]),
        (date(1980, 1, 1), []),
        (date(1979, 12, 31), ["ancient-date"]),
    ],
)
def test_days_let_in(known_at: date, expected: list[Reason]) -> None:
    assert reasons(received(clock(known_at))) == expected
    assert reasons(received(debt(known_at=date(2018, 1, 1), counted_from=known_at))) == [
        reason for reason in expected if reason == "ancient-date"
    ]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (told, name)
        for told in (debt(), contribution(), schedule(), commission(), request(), use(), headcount(), proceeding())
        for name, value in msgspec.structs.asdict(told).items()
        if isinstance(value, date)
    ],
    ids=lambda of: of if isinstance(of, str) else type(of).__name__,
)
def test_no_date_of_an_event_lies_before_1980(told: AnyEvent, field: str) -> None:
    assert reasons(received(told)) == []
    assert reasons(received(msgspec.structs.replace(told, **{field: date(1979, 12, 1)}))) == ["ancient-date"]


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.integers(), st.lists).map(msgspec.json.encode)
)
def test_any_bytes_are_refused_and_told_on_one_line(value: bytes) -> None:
    (refusal,) = admitted(Received(b"x", value)).refusals
    assert refusal.detail == " ".join(refusal.detail.split()) != ""


@settings(deadline=None, max_examples=60)
@given(st.lists(event(), min_size=1, max_size=12))
@example([schedule(created_on=date.max, due_on=None, duration_days=365), use(hours=1e9)])
def test_what_is_let_in_never_breaks_the_chain(events: list[AnyEvent]) -> None:
    """A record that is admitted and then fails would stop its partition for ever."""
    records = [received(e, offset) for offset, e in enumerate(events)]
    result = admit(records, 0, 1, LATEST.toordinal())
    assert result.refusals == []
    chain, again, model = Chain(prior()), Chain(prior()), prior()
    written: list[pack.Record] = []
    for outcome in chain.step(result.batch):
        for decision in outcome.decisions:
            alert = alert_of(decision, model, Origin("vigie.events", 0, 0), datetime(2026, 1, 1), "fr")  # noqa: DTZ001  any
            assert contract.decode(contract.encode(alert)) == alert
        written += pack.firm_records(chain.panel, outcome.changed)
        if outcome.cohort is not None:
            written += pack.cohort_records(outcome.cohort)
    written.append(pack.clock_record(chain.time))
    pack.load(again, written)
    assert firms(again) == firms(chain)
    assert len(firms(chain)) == len({e.siren for e in events if isinstance(e, Event)})


@pytest.mark.parametrize("first", [clock(EARLIEST), headcount(known_at=EARLIEST), firm()])
def test_time_may_begin_on_the_earliest_day(first: AnyEvent) -> None:
    result = admitted(received(first, 0), received(clock(date(1980, 4, 1)), 1))
    months = [outcome.scores.month for outcome in Chain(prior()).step(result.batch) if outcome.scores is not None]
    assert months == ([] if first == firm() else [1980 * 12, 1980 * 12 + 1, 1980 * 12 + 2])


def firms(chain: Chain) -> dict[bytes, bytes | None]:
    return dict(pack.firm_records(chain.panel, np.arange(len(chain.panel), dtype=np.int32)))


def test_what_a_client_wrote_is_cited_without_what_moves_a_terminal() -> None:
    (refusal,) = admitted(Received(b"x", b'{"type": "\\u001b[2J\\u0000clock", "known_at": "2018-01-01"}')).refusals
    assert refusal.detail.isprintable()
    assert "\\x1b[2J\\x00clock" in refusal.detail


@pytest.mark.parametrize("said", [None, b"1", b"001", b"", b"2.1", b"1234567890", "²".encode()])
def test_a_record_of_this_contract_or_that_says_no_number_is_let_in(said: bytes | None) -> None:
    headers: tuple[Any, ...] = () if said is None else ((VERSION_HEADER, said), (VERSION_HEADER, None))
    assert reasons(replace(GOOD, headers=headers)) == []


def test_what_needs_a_later_contract_is_refused_and_says_what_to_do() -> None:
    later = replace(GOOD, headers=(*GOOD.headers, (VERSION_HEADER, b"2")))
    broken = replace(later, value=b"no JSON")
    result = admitted(GOOD, later, GOOD, broken, Received(b"x", b"no JSON"))
    assert [(r.position, r.reason) for r in result.refusals] == [
        (1, "newer-version"),
        (3, "newer-version"),
        (4, "not-json"),
    ]
    assert "needs version 2 of the events' contract" in result.refusals[0].detail
    assert "vigie dead-letters replay --reason newer-version" in result.refusals[0].detail
    assert result.positions == [0, 2]
