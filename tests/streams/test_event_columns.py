from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.events import EVENT_TYPES, Clock, Firm, PartialUnemploymentRequest, PaymentDelay
from streams.event_columns import COUNTS, SCHEMAS, structs, table_of
from streams.partners import KINDS
from tests.streams.partner_events import EVENTS


def test_every_event_type_has_columns() -> None:
    assert set(SCHEMAS) == set(EVENT_TYPES.values())
    assert SCHEMAS[Clock] == {"known_at": pl.Date}
    assert SCHEMAS[Firm]["known_at"] == pl.Date
    assert SCHEMAS[PaymentDelay]["employee_share"] == pl.Float64
    assert SCHEMAS[PaymentDelay]["version"] == SCHEMAS[PaymentDelay]["account_state"] == pl.Int64
    assert SCHEMAS[PaymentDelay]["reason_code"] == pl.String
    assert COUNTS[PartialUnemploymentRequest] == (
        "firm_headcount", "headcount", "authorised_headcount", "headcount_used",
    )  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_events_come_back_from_columns(kind: str) -> None:
    event = KINDS[kind].event

    @given(st.lists(EVENTS[kind], max_size=5))
    def check(events: list[object]) -> None:
        table = table_of(event, events)  # type: ignore[arg-type] # they are events
        assert dict(table.schema) == SCHEMAS[event]
        # Spelled out, so that 12 is not taken for 12.0.
        assert list(map(repr, structs(event, table))) == list(map(repr, events))

    check()


def test_other_columns_do_no_harm() -> None:
    table = table_of(Clock, [Clock(known_at=date(2018, 1, 1))]).with_columns(line=pl.lit(1))
    assert structs(Clock, table) == [Clock(known_at=date(2018, 1, 1))]
