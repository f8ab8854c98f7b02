"""Events as columns: what counts is in them, and what tells the future is not."""

from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings

from detectors.batch import ACTIONS, DUE_KNOWN, PAID_KNOWN, Type, batch_of
from detectors.events import EVENT_TYPES, AnyEvent, FirmEvent, type_name
from tests.detectors.making import (
    JANUARY,
    SIREN,
    clock,
    commission,
    contribution,
    debt,
    firm,
    headcount,
    on,
    proceeding,
    request,
    schedule,
    use,
)
from tests.detectors.strategies import event_lists

ONE_OF_EACH: list[AnyEvent] = [
    debt(), contribution(), schedule(), commission(), request(), use(), headcount(), proceeding(), firm(),
    clock(on(JANUARY)),
]  # fmt: skip


def test_types_stand_in_the_order_of_the_contract() -> None:
    assert [type_name(event) for event in ONE_OF_EACH] == list(EVENT_TYPES)
    assert batch_of(ONE_OF_EACH).rows["type"].tolist() == list(Type)


@settings(max_examples=30, deadline=None)
@given(event_lists)
def test_an_event_is_the_same_in_any_batch(events: list[FirmEvent]) -> None:
    batch = batch_of(events)
    assert len(batch) == len(events)
    for i, event in enumerate(events):
        alone = batch_of([event])
        assert alone.rows[0] == batch.rows[i]
        assert alone.keys[0] == batch.keys[i]
        assert batch.rows["siren"][i] == int(event.siren)


def test_amounts_are_hundredths() -> None:
    row = batch_of([debt(employee_share=0.29, employer_share=-1234.57)]).rows[0]
    assert (row["a"], row["b"]) == (29, -123_457)
    assert batch_of([debt(employee_share=1e12)]).rows[0]["a"] == 10**14
    assert batch_of([headcount(heads=9.5)]).rows[0]["a"] == 950


def test_a_debt_ends_with_the_last_month_of_its_period() -> None:
    quarter = debt(period_start=date(2017, 10, 1), period_end=date(2018, 1, 1), counted_from=on(JANUARY + 2, 1))
    row = batch_of([quarter]).rows[0]
    assert (row["start"], row["end"]) == (JANUARY + 2, JANUARY - 1)


def test_which_amounts_of_a_contribution_are_known() -> None:
    flags = [batch_of([contribution(due=d, paid=p)]).rows[0]["flag"] for d in (None, 0.0) for p in (None, 0.0)]
    assert flags == [0, PAID_KNOWN, DUE_KNOWN, DUE_KNOWN | PAID_KNOWN]


@pytest.mark.parametrize(("reason", "counts"), [*((r, 1) for r in range(1, 6)), (6, 0), (7, 0), (None, 0)])
def test_reasons_that_count(reason: int | None, counts: int) -> None:
    assert batch_of([request(reason=reason)]).rows[0]["flag"] == counts


def test_actions_stand_from_the_least_to_the_most_severe() -> None:
    rows = batch_of([proceeding(action=action) for action in ACTIONS]).rows
    assert rows["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (debt(), ({"sequence": "9"}, {"account": "B"}, {"siret": None}, {"period_end": date(2018, 4, 1)})),
        (contribution(), ({"account": "B"}, {"siret": SIREN + "00099"}, {"period_start": date(2017, 1, 1)})),
        (schedule(), ({"case_number": "9"}, {"account": None})),
        (request(), ({"request_id": "R9"},)),
        (headcount(), ({"account": "B"}, {"siret": SIREN + "00099"})),
    ],
    ids=lambda x: type(x).__name__,
)
def test_keys_tell_entries_apart(event: FirmEvent, changes: tuple[dict[str, object], ...]) -> None:
    others = [msgspec.structs.replace(event, **change) for change in changes]
    others.append(msgspec.structs.replace(event, siren="000000001"))
    assert len(np.unique(batch_of([event, *others]).keys)) == len(others) + 1


def test_a_use_finds_its_request() -> None:
    keys = batch_of([request(request_id="É1"), use(request_id="É1")]).keys
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        (request(), "hours_used", 1e6), (request(), "headcount_used", 99), (request(), "amount_used", 1e6),
        (schedule(), "stage", "REFUS"), (firm(), "active", False),
    ],
)  # fmt: skip
def test_states_at_extraction_are_not_in_them(event: FirmEvent, field: str, value: object) -> None:
    changed = msgspec.structs.replace(event, **{field: value})
    assert changed != event
    assert batch_of([changed]).rows.tobytes() == batch_of([event]).rows.tobytes()


def test_no_events() -> None:
    assert len(batch_of([])) == 0
