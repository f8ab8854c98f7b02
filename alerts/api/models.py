"""What is asked of the API and what it answers. From these the OpenAPI description is made."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from alerts.actions import Action
from alerts.alert import Kind, Tier
from alerts.cases import State
from alerts.holds import Hold
from alerts.listing import Order

Department = Annotated[str, Meta(pattern="^([0-9A-B]{2,3}|unknown)$")]
Siren = Annotated[str, Meta(pattern="^[0-9]{9}$")]
Sector = Annotated[str, Meta(pattern=r"^([A-U]|[0-9]{2}(\.?[0-9]{1,2})?[A-Z]?)$")]
Amount = Annotated[float, Meta(ge=0, le=1e12)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


CaseFields = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Case"})]
AlertFields = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Alert"})]
"""A case and an alert without what is masked."""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameter."""


class Filters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cases: as of `vigie alerts list`. What may be given several times is a list."""

    department: tuple[Department, ...] = ()
    tier: tuple[Tier, ...] = ()
    kind: tuple[Kind, ...] = ()
    sector: tuple[Sector, ...] = ()
    state: tuple[State, ...] = ()
    let_through: tuple[Hold, ...] = ()
    all: bool = False
    """Every case, in any state, without the standard filters."""
    siren: Siren | None = None
    name: Text | None = None
    holder: Text | None = None
    escalated: bool = False
    since: date | None = None
    min_headcount: Amount | None = None
    max_headcount: Amount | None = None
    min_debt: Amount | None = None
    order: Order = "priority"


class Listed(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of them."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    cursor: Annotated[str, Meta(max_length=2000)] | None = None


class Exported(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them, as a file."""

    format: Literal["csv", "xlsx"] = "csv"


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to do with a case. `seen` is the version that was looked at; None: whichever it is."""

    action: Action
    seen: Annotated[int, Meta(ge=0)] | None = None


class CasePage(msgspec.Struct, frozen=True):
    """A page of a list. `held` counts what the standard filters hold back; `next` is the cursor of the next page."""

    cases: list[CaseFields]
    total: int
    held: dict[Hold, int]
    next: str | None


class Proposal(msgspec.Struct, frozen=True):
    """A support measure that fits; `pay_first` are euros of employee share to be paid before."""

    code: str
    title: str
    text: str
    contact: str
    source: str
    pay_first: float | None = None


class CaseShown(msgspec.Struct, frozen=True):
    """A firm's last case in a department, and the measures that fit."""

    case: CaseFields
    measures: list[Proposal]


class Happened(msgspec.Struct, frozen=True):
    """An entry of a case's history."""

    id: str
    department: str
    siren: str
    action: str
    case: int
    version: int
    by: str
    at: datetime
    before: State | None
    after: State
    details: dict[str, str]


class History(msgspec.Struct, frozen=True):
    """All that happened to a firm's cases in a department, oldest first."""

    entries: list[Happened]


class Alerts(msgspec.Struct, frozen=True):
    """The alerts of a firm's cases in a department, oldest first."""

    alerts: list[AlertFields]


class Acted(msgspec.Struct, frozen=True):
    """The case after an action; `entry` is None where it was done already."""

    case: CaseFields
    entry: str | None


class Measures(msgspec.Struct, frozen=True):
    """The catalogue of support measures."""

    measures: list[Proposal]


class Me(msgspec.Struct, frozen=True):
    """What the token may do."""

    name: str
    departments: tuple[str, ...]
    rights: tuple[str, ...]
    data: tuple[str, ...]
    expires_at: datetime


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why not (RFC 9457). `case` is how the case stands, of an action that was refused."""

    type: str
    title: str
    status: int
    detail: str = ""
    case: CaseFields | None = None
