"""A case: what one department has to do about one firm, and how far it has come.

A firm has at most one open case in a department. Repeated alerts join it (`joining`), agents act on it (`actions`),
time wakes it. All of that is pure; `case_store` keeps cases in Redis, as the JSON of `Case`.
"""

from datetime import date, datetime
from typing import Literal, get_args

import msgspec

from alerts.alert import Kind, Tier

State = Literal["new", "taken", "followed", "snoozed", "withdrawn", "closed"]
STATES: tuple[State, ...] = get_args(State)
SYSTEM = "vigie"
"""Who acts where no agent does."""


class Vote(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an agent thought of the case's alert. `rule` and `model` say which decision it judges."""

    useful: bool
    at: datetime
    rule: str
    model: str
    reason: str | None = None
    comment: str | None = None


class Proposed(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A support measure that an agent proposed to the firm, and what came of it (see `vocabulary.ANSWERS`)."""

    by: str
    at: datetime
    comment: str | None = None
    outcome: str | None = None
    """None: nothing yet. Who noted it, and when, stand beside."""
    noted_by: str | None = None
    noted_at: datetime | None = None


class Ended(msgspec.Struct, frozen=True, gc=False):
    """The case of the firm before this one: its number, how it ended, who ended it, when."""

    number: int
    outcome: str | None
    by: str
    at: datetime


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One case. Moments are UTC; what is absent from its JSON has the default."""

    # `gc=False` here and below: no cycles come of what JSON holds, and ten thousand cases are read three times as fast.

    siren: str
    department: str
    """The queue: a department's code, or `unknown`."""
    number: int
    """1 for the firm's first case here; 0 for one that held nothing but the end of an alert."""
    version: int
    """Grows by one with every change: who acts on an older one is told so."""
    state: State
    since: datetime
    """When the state began, and by whom."""
    by: str
    holder: str | None = None
    """Who took or follows it; kept while it is snoozed."""
    until: date | None = None
    """The day on which a snoozed or withdrawn case comes back; None of a withdrawn one: never."""
    resume: State = "new"
    """The state that a snoozed case comes back to."""
    outcome: str | None = None
    """How it ended, or why it was followed, released or withdrawn last: see `vocabulary`."""
    comment: str | None = None
    """The last comment that came with an action."""
    opened_at: datetime
    """When its first alert was raised, on the wall clock; `opened_on` is the same in event time."""
    opened_on: date
    alert: str
    """The id of its latest alert; what follows is that alert's."""
    tier: Tier
    kind: Kind
    probability: float
    as_of: date
    model_version: str
    name: str | None = None
    activity: str | None = None
    headcount: float | None = None
    debt_euros: float | None = None
    schedule_running: bool = False
    proceeding: bool = False
    alerts: int = 1
    """How many alerts have joined this case; `received` counts those of the firm in all its cases here."""
    received: int = 1
    skip: int = 0
    """Alerts that a restored case holds already, and that will come again: see `archive`."""
    live: bool = True
    """False where its alerts are a replay's or a backfill's: nobody is told of it, and it does not escalate."""
    strong_since: datetime | None = None
    """Since when it is at strong risk, on the wall clock."""
    escalated_at: datetime | None = None
    acted_at: datetime | None = None
    """When an agent last did something with it; None of a case that no agent has touched, or an older version wrote."""
    reminded_at: datetime | None = None
    """When its holder was last reminded of it."""
    previous: Ended | None = None
    votes: dict[str, Vote] = {}
    """By agent."""
    proposed: dict[str, Proposed] = {}
    """By the measure's code. What has no outcome yet passes on to the firm's next case."""

    @property
    def is_open(self) -> bool:
        """Whether alerts join it."""
        return self.state != "closed"

    @property
    def rule(self) -> str:
        """What decided on its latest alert, as votes count it: `tier:kind`."""
        return f"{self.tier}:{self.kind}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Case)


def encode(case: Case) -> bytes:
    """The case as one line of JSON."""
    return _encoder.encode(case)


def decode(data: bytes | str) -> Case:
    """The case from its JSON; unknown fields are ignored. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


def changed(case: Case, **fields: object) -> Case:
    """The case with these fields, as its next version."""
    return msgspec.structs.replace(case, version=case.version + 1, **fields)


def is_due_back(case: Case, today: date) -> bool:
    """Whether a snoozed or withdrawn case has come to the day on which it is to come back."""
    return case.state in ("snoozed", "withdrawn") and case.until is not None and case.until <= today


def awake(case: Case, now: datetime, by: str = SYSTEM) -> Case:
    """The case as it comes back from a snooze or a withdrawal: where it was, closed if the risk is over. Same version.

    Time alone does not write: until somebody does, readers see a case that is due back through this function.
    """
    if case.state == "withdrawn" or case.holder is None:
        state, holder = "new", None
    else:
        state, holder = case.resume, case.holder
    if state == "new" and case.tier == "none":
        return msgspec.structs.replace(
            case, state="closed", holder=None, since=now, by=by, until=None, resume="new", outcome=own_end(case)
        )
    return msgspec.structs.replace(case, state=state, holder=holder, since=now, by=by, until=None, resume="new")


def own_end(case: Case) -> str:
    """The outcome of a case that ends because its firm is no longer at risk, or is where the risk leads."""
    return "proceeding" if case.proceeding else "lowered"


def as_seen(case: Case, now: datetime) -> Case:
    """The case as it stands at a moment: awake where its day has come."""
    return awake(case, now) if is_due_back(case, now.date()) else case
