"""Events with everything filled in but what a test is about; months are those of `detectors.months`."""

from datetime import date
from typing import Any

from detectors.events import (
    Clock,
    Contribution,
    DebtCommission,
    Firm,
    Headcount,
    InsolvencyProceeding,
    PartialUnemploymentRequest,
    PartialUnemploymentUse,
    PaymentDelay,
    PaymentSchedule,
)
from detectors.months import first_day, month_of

SIREN = "732829320"
ACCOUNT = "117000001"
JANUARY = 2018 * 12


def site(siren: str, number: int = 1) -> str:
    """A SIRET of the firm."""
    return f"{siren}{number:05d}"


def on(month: int, day: int = 15) -> date:
    """A day of a month."""
    return first_day(month).replace(day=day)


MID_JANUARY = on(JANUARY)


def debt(siren: str = SIREN, *, known_at: date = MID_JANUARY, **fields: Any) -> PaymentDelay:
    """Unpaid contributions of the month before, a thousand euros of each share."""
    defaults = {
        "siret": site(siren),
        "account": ACCOUNT,
        "period_start": first_day(month_of(known_at) - 1),
        "period_end": first_day(month_of(known_at)),
        "sequence": "101",
        "version": 1,
        "employee_share": 1000.0,
        "employer_share": 1000.0,
        "counted_from": first_day(month_of(known_at)),
        "account_state": 1,
        "proceeding_code": None,
        "operation_code": None,
        "reason_code": None,
        "disputed": False,
    }
    return PaymentDelay(**{"siren": siren, "known_at": known_at, **defaults, **fields})


def contribution(siren: str = SIREN, *, month: int = JANUARY, months: int = 1, **fields: Any) -> Contribution:
    """A thousand euros due and paid for the `months` that end with `month`."""
    end = first_day(month + 1)
    defaults = {
        "siret": site(siren),
        "known_at": end,
        "account": ACCOUNT,
        "period_start": first_day(month + 1 - months),
        "period_end": end,
        "due": 1000.0,
        "paid": 1000.0,
    }
    return Contribution(**{"siren": siren, **defaults, **fields})


def schedule(siren: str = SIREN, *, known_at: date = MID_JANUARY, **fields: Any) -> PaymentSchedule:
    """A schedule of half a year for five thousand euros."""
    defaults = {
        "siret": site(siren),
        "account": ACCOUNT,
        "case_number": "S1",
        "created_on": known_at,
        "due_on": None,
        "duration_days": 180,
        "amount": 5000.0,
        "stage": "APPROB",
        "action": "CALC",
    }
    return PaymentSchedule(**{"siren": siren, "known_at": known_at, **defaults, **fields})


def commission(siren: str = SIREN, *, known_at: date = MID_JANUARY, **fields: Any) -> DebtCommission:
    """A decision of the commission, known on its day."""
    defaults = {"siret": site(siren), "account": ACCOUNT, "processed_on": known_at, "stage": "1", "action": "1"}
    return DebtCommission(**{"siren": siren, "known_at": known_at, **defaults, **fields})


def request(siren: str = SIREN, *, known_at: date = MID_JANUARY, **fields: Any) -> PartialUnemploymentRequest:
    """A thousand hours of partial unemployment for a quarter, for an economic reason."""
    defaults = {
        "siret": site(siren),
        "request_id": "R1",
        "firm_headcount": 40,
        "headcount": 40,
        "start": first_day(month_of(known_at)),
        "end": first_day(month_of(known_at) + 3),
        "hours": 1000.0,
        "amount": 8000.0,
        "authorised_headcount": 30,
        "reason": 1,
        "scope": 1,
        "hours_used": None,
        "headcount_used": None,
        "amount_used": None,
    }
    return PartialUnemploymentRequest(**{"siren": siren, "known_at": known_at, **defaults, **fields})


def use(siren: str = SIREN, *, month: int = JANUARY, **fields: Any) -> PartialUnemploymentUse:
    """A hundred hours of partial unemployment used in a month, known the month after."""
    defaults = {
        "siret": site(siren),
        "known_at": first_day(month + 1),
        "request_id": "R1",
        "month": first_day(month),
        "hours": 100.0,
        "amount": 800.0,
        "headcount": 5,
    }
    return PartialUnemploymentUse(**{"siren": siren, **defaults, **fields})


def headcount(siren: str = SIREN, *, month: int = JANUARY, heads: float = 40, **fields: Any) -> Headcount:
    """Employees of an establishment in a month, known the month after."""
    defaults = {
        "siret": site(siren),
        "known_at": first_day(month + 1),
        "account": ACCOUNT,
        "month": first_day(month),
        "headcount": heads,
    }
    return Headcount(**{"siren": siren, **defaults, **fields})


def proceeding(siren: str = SIREN, *, known_at: date = MID_JANUARY, **fields: Any) -> InsolvencyProceeding:
    """A receivership that opens on the day on which it is known."""
    defaults = {"siret": site(siren), "effective_on": known_at, "action": "redressement", "stage": "ouverture"}
    return InsolvencyProceeding(**{"siren": siren, "known_at": known_at, **defaults, **fields})


def firm(siren: str = SIREN, **fields: Any) -> Firm:
    """Reference data of which nothing is known but what is given."""
    defaults = dict.fromkeys(("siret", "known_at", "name", "department", "activity", "active", "legal_form"))
    return Firm(**{"siren": siren, **defaults, **fields})


def clock(known_at: date) -> Clock:
    """Time reaches a day."""
    return Clock(known_at=known_at)
