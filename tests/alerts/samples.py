"""Alerts for the tests."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from alerts.alert import (
    Alert,
    Evidence,
    Months,
    Origin,
    Proceeding,
    Schedule,
    Source,
    Theme,
    Thresholds,
    encode,
)

DUMONT = Alert(
    id="0123456789abcdef01234567",
    siren="123456789",
    name="ATELIERS DUMONT",
    department="21",
    activity="25.62B",
    tier="strong",
    previous_tier="none",
    kind="raised",
    probability=0.34,
    previous_probability=0.12,
    as_of=date(2019, 1, 31),
    raised_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    model_version="m-7",
    thresholds=Thresholds(moderate=0.15, strong=0.3),
    themes=[Theme("debt", 1.1), Theme("partial-unemployment", 0.3), Theme("headcount", -0.07)],
    reasons=["La dette sociale accroît le risque."],
    evidence=[
        Evidence("debt_employer_euros", 45200.0, 12300.0),
        Evidence("debt_employee_euros", 8100.0, 8100.0),
        Evidence("partial_unemployment_hours_12m", 1450.0, None),
        Evidence("headcount", 38.0, 42.0),
    ],
    causes=[{"type": "payment-delay", "siren": "123456789", "sequence": "7"}],
    sources=[Source("payment-delay", date(2019, 1, 20)), Source("headcount", date(2018, 12, 1))],
    source=Origin("replay", 0, 0),
)

MONTHS = Months(
    "2026-03",
    employee=[8100, 8100, 4000, None],
    employer=[45200, 12300, 0, 0],
    due=[None, 9000, 8800, 9100],
    paid=[None, 2000, 8800, 9100],
    used=[700, 450, 300, 0],
    authorised=[0, 0, 2000, 0],
    headcount=[38, 42, 42, 43],
    schedule=Schedule(date(2026, 8, 10), 20_000),
    proceeding=Proceeding("redressement", date(2026, 3, 1)),
)


def an_alert(**changes: Any) -> Alert:
    """The alert of the firm Dumont, but for the changes."""
    return msgspec.structs.replace(DUMONT, **changes)


def many(count: int, departments: tuple[str | None, ...] = ("21", "2A", None)) -> list[bytes]:
    """Distinct alerts in JSON, dealt out over the departments."""
    return [
        encode(an_alert(id=f"{place:024x}", siren=f"{place:09d}", department=departments[place % len(departments)]))
        for place in range(count)
    ]
