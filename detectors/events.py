"""The facts that Vigie knows about firms, one typed struct an event type.

Every event (clock aside) belongs to a firm, its SIREN, and has `known_at`, the day on which the network could first
know it: event time is made of these days alone. Amounts are euros, None is unknown. The field names are a contract
with other programs; `schema` in `streams` publishes them.

Every event carries enough to be applied twice without effect: a debt has a version, a month its value, a request its
identifier.
"""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

# That they are digits, `only_digits` tells of many at once: a pattern would take more than all else of decoding.
Siren = Annotated[
    str,
    Meta(min_length=9, max_length=9, description="the firm, 9 digits", extra_json_schema={"pattern": "^[0-9]{9}$"}),
]
Siret = Annotated[
    str,
    Meta(
        min_length=14,
        max_length=14,
        description="the establishment, 14 digits",
        extra_json_schema={"pattern": "^[0-9]{14}$"},
    ),
]
Account = Annotated[str, Meta(max_length=64, description="URSSAF account number")]
Text = Annotated[str, Meta(max_length=1024)]
Name = Annotated[str, Meta(max_length=256)]
Euros = Annotated[float, Meta(ge=-1e12, le=1e12, description="euros")]
Hours = Annotated[float, Meta(ge=-1e9, le=1e9, description="hours; 151.67 are one full-time month")]
Version = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)] | Annotated[float, Meta(ge=0, le=1e9)]
Days = Annotated[int, Meta(ge=0, le=1_000_000_000, description="days")]
Code = Text | int | None

ProceedingAction = Literal["liquidation", "redressement", "sauvegarde"]

EARLIEST = date(1980, 1, 1)
"""No partner's data reach back further: an earlier date is a typing error."""


# Python's collector of cycles passes events over (gc=False): they hold texts and numbers alone, by the thousands.
class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """What every event of a firm has; subclasses add their own fields."""

    identity_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that tell this event from any other of its type and firm."""
    extraction_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that say how things stood at the extraction: a later one of the same fact tells another future."""

    siren: Siren
    siret: Siret | None
    known_at: date | None


class PaymentDelay(Event, frozen=True, kw_only=True, tag="payment-delay"):
    """One version of an unpaid contribution; the highest version is what is outstanding now, 0 means paid."""

    identity_fields = ("siret", "account", "period_start", "period_end", "sequence", "version")

    known_at: date
    account: Account
    period_start: date
    period_end: date
    sequence: Account
    version: Version
    employee_share: Euros
    employer_share: Euros
    counted_from: date
    account_state: int | None
    proceeding_code: Code
    operation_code: Code
    reason_code: Code
    disputed: bool | None


class Contribution(Event, frozen=True, kw_only=True, tag="contribution"):
    """What an account owed and paid for a period; `paid` None is unknown, not zero."""

    identity_fields = ("siret", "account", "period_start", "period_end")

    known_at: date
    account: Account
    period_start: date
    period_end: date
    due: Euros | None
    paid: Euros | None


class PaymentSchedule(Event, frozen=True, kw_only=True, tag="payment-schedule"):
    """A payment schedule granted by URSSAF. `stage` is the state at extraction: it tells the future of old rows."""

    identity_fields = ("siret", "account", "case_number")
    extraction_fields = ("stage",)

    known_at: date
    account: Account | None
    case_number: Account
    created_on: date
    due_on: date | None
    duration_days: Days | None
    amount: Euros | None
    stage: Code
    action: Code


class DebtCommission(Event, frozen=True, kw_only=True, tag="debt-commission"):
    """A decision of the commission of the heads of the financial services (CCSF)."""

    identity_fields = ("siret", "account", "processed_on", "stage", "action")

    known_at: date
    account: Account | None
    processed_on: date
    stage: Code
    action: Code


class PartialUnemploymentRequest(Event, frozen=True, kw_only=True, tag="partial-unemployment-request"):
    """Partial unemployment asked for; the same request comes again with a later `known_at`, which replaces it.

    Reasons 1 to 5 count for risk, 6 and 7 do not. The three `_used` fields are states at extraction: they tell the
    future of old rows and are never features.
    """

    identity_fields = ("request_id", "known_at")
    extraction_fields = ("hours_used", "headcount_used", "amount_used")

    known_at: date
    request_id: Account
    firm_headcount: Count | None
    headcount: Count | None
    start: date | None
    end: date | None
    hours: Hours | None
    amount: Euros | None
    authorised_headcount: Count | None
    reason: Annotated[int, Meta(ge=1, le=7)] | None
    scope: Code
    hours_used: Hours | None
    headcount_used: Count | None
    amount_used: Euros | None


class PartialUnemploymentUse(Event, frozen=True, kw_only=True, tag="partial-unemployment-use"):
    """Hours of partial unemployment paid in a month, under a request."""

    identity_fields = ("siret", "request_id", "month")

    known_at: date
    request_id: Account
    month: date
    hours: Hours | None
    amount: Euros | None
    headcount: Count | None


class Headcount(Event, frozen=True, kw_only=True, tag="headcount"):
    """Employees of an establishment (or, `siret` and `account` None, of the firm) in a month."""

    identity_fields = ("siret", "account", "month")

    known_at: date
    account: Account | None
    month: date
    headcount: Count


class InsolvencyProceeding(Event, frozen=True, kw_only=True, tag="insolvency-proceeding"):
    """A collective procedure took effect."""

    identity_fields = ("siret", "effective_on", "action", "stage")

    known_at: date
    effective_on: date
    action: ProceedingAction
    stage: Text | None


class Firm(Event, frozen=True, kw_only=True, tag="firm"):
    """Reference data. None leaves what is known; `active` is the state at extraction, never a feature."""

    extraction_fields = ("active",)

    known_at: None
    name: Name | None
    department: Annotated[str, Meta(pattern="^[0-9A-Z]{2,3}$", max_length=3)] | None
    activity: Annotated[str, Meta(max_length=16, description="NAF code")] | None
    active: bool | None
    legal_form: Annotated[str, Meta(max_length=16)] | None


class Clock(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="clock", gc=False):
    """Time has reached a day: tells partitions where nothing happens that months end. Belongs to no firm."""

    known_at: date


FirmEvent = (
    PaymentDelay
    | Contribution
    | PaymentSchedule
    | DebtCommission
    | PartialUnemploymentRequest
    | PartialUnemploymentUse
    | Headcount
    | InsolvencyProceeding
    | Firm
)
AnyEvent = FirmEvent | Clock

EVENT_TYPES: dict[str, type[FirmEvent] | type[Clock]] = {
    str(cls.__struct_config__.tag): cls
    for cls in (
        PaymentDelay,
        Contribution,
        PaymentSchedule,
        DebtCommission,
        PartialUnemploymentRequest,
        PartialUnemploymentUse,
        Headcount,
        InsolvencyProceeding,
        Firm,
        Clock,
    )
}
"""Every event type by its name on the wire."""

_siren_of, _siret_of = attrgetter("siren"), attrgetter("siret")
_IDENTITIES: dict[type, tuple[str, ...]] = {
    cls: ("type", "known_at") if cls is Clock else ("type", "siren", *getattr(cls, "identity_fields", ()))
    for cls in EVENT_TYPES.values()
}
_DATE_FIELDS: dict[type, tuple[str, ...]] = {
    cls: tuple(f.name for f in msgspec.structs.fields(cls) if f.type is date or date in getattr(f.type, "__args__", ()))
    for cls in EVENT_TYPES.values()
}


def type_name(event: AnyEvent) -> str:
    """The event's type as it stands on the wire."""
    return str(type(event).__struct_config__.tag)


def identity(event: AnyEvent) -> dict[str, Any]:
    """What tells this event from any other: its type, its firm and its own identifying fields, JSON-ready.

    >>> identity(Clock(known_at=date(2018, 2, 1)))
    {'type': 'clock', 'known_at': '2018-02-01'}
    """
    told = msgspec.to_builtins(event)
    return {name: told[name] for name in _IDENTITIES[type(event)]}


def content(event: AnyEvent) -> dict[str, Any]:
    """All that the event says of its fact, JSON-ready: everything but states at extraction."""
    said: dict[str, Any] = msgspec.to_builtins(event)
    for name in () if isinstance(event, Clock) else event.extraction_fields:
        del said[name]
    return said


def only_digits(events: Sequence[AnyEvent]) -> bool:
    """Whether all SIRENs and SIRETs are digits, as decoded events' must be: see `check_digits`."""
    firms = [event for event in events if type(event) is not Clock]
    text = "".join([*map(_siren_of, firms), *filter(None, map(_siret_of, firms))])
    return not text or (text.isascii() and text.isdecimal())


def check_digits(event: AnyEvent) -> None:
    """Raises ValidationError, in msgspec's own words, where a decoded event's SIREN or SIRET is not of digits."""
    for name, length in () if isinstance(event, Clock) else (("siren", 9), ("siret", 14)):
        value = getattr(event, name)
        if value is not None and not (value.isascii() and value.isdecimal()):
            raise msgspec.ValidationError(f"Expected `str` matching regex '^[0-9]{{{length}}}$' - at `$.{name}`")


def early_date(event: AnyEvent) -> str | None:
    """The name of the first date field that lies before 1980, or None."""
    for name in _DATE_FIELDS[type(event)]:
        value = getattr(event, name)
        if value is not None and value < EARLIEST:
            return name
    return None
