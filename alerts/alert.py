"""The alert contract: what agents and their programs receive, as JSON, in the field `alert` of a stream entry.

An alert renders the same for ever: all that a reader needs is in it, and nothing in it is looked up later.
"""

import hashlib
from datetime import date, datetime
from typing import Any, Literal

import msgspec

Tier = Literal["none", "moderate", "strong"]
Kind = Literal["raised", "jump", "lowered"]
ThemeName = Literal["debt", "contributions", "partial-unemployment", "headcount", "schedules", "profile", "model"]


# Python's collector of cycles passes all of them over (gc=False): what JSON holds has none.
class Theme(msgspec.Struct, frozen=True, gc=False):
    """What a theme added to the score since the previous one, in log-odds."""

    theme: str
    contribution: float


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """A quantity behind the alert, now and at the previous score; None is unknown."""

    field: str
    value: float | None
    previous: float | None


class Source(msgspec.Struct, frozen=True, gc=False):
    """How far the data of a source reach: the last `known_at` seen of it."""

    source: str
    known_to: date


class Thresholds(msgspec.Struct, frozen=True, gc=False):
    """The probabilities from which a firm is at moderate and at strong risk."""

    moderate: float
    strong: float


class Schedule(msgspec.Struct, frozen=True, gc=False):
    """The payment schedules granted: the last day that any covers, their amount together."""

    until: date
    euros: int


class Proceeding(msgspec.Struct, frozen=True, gc=False):
    """The gravest collective procedure of a firm, and the day on which the first one opened."""

    action: str
    since: date


Series = list[int | None]
"""A value a month, the latest first; None is unknown. Left out: there was never anything."""


class Months(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The firm at the ends of its months, at most thirteen; in the last one, that of `as_of`, as it stood then."""

    last: str
    """YYYY-MM."""
    employee: Series = []
    """Outstanding employee shares of contributions, euros; `employer`: employer shares."""
    employer: Series = []
    due: Series = []
    """Contributions due for the month, euros; `paid`: what was paid of them."""
    paid: Series = []
    used: Series = []
    """Hours of partial unemployment used; `authorised`: authorised from that month on."""
    authorised: Series = []
    headcount: Series = []
    schedule: Schedule | None = None
    proceeding: Proceeding | None = None


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The Kafka record that caused the alert (in replay: topic "replay")."""

    topic: str
    partition: int
    offset: int


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert. `themes` sum to logit(probability) - logit(previous_probability)."""

    id: str
    siren: str
    name: str | None
    department: str | None
    activity: str | None
    tier: Tier
    previous_tier: Tier
    kind: Kind
    probability: float
    previous_probability: float
    as_of: date
    raised_at: datetime
    model_version: str
    thresholds: Thresholds
    themes: list[Theme]
    reasons: list[str]
    evidence: list[Evidence]
    causes: list[dict[str, Any]]
    sources: list[Source]
    source: Origin
    months: Months | None = None
    """Absent from alerts of versions that told no months."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


def encode(alert: Alert) -> bytes:
    """The alert as one line of JSON."""
    return _encoder.encode(alert)


def decode(data: bytes | str) -> Alert:
    """The alert from its JSON; unknown fields are ignored. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


def alert_id(siren: str, kind: Kind, previous_tier: Tier, tier: Tier, event: dict[str, Any]) -> str:
    """The identity of an alert: the same event applied twice gives the same one, a correction of it another.

    Made of the firm, the kind, the tiers and the event's own content, never of an offset or a wall clock, so that
    replay and the live path agree. 24 hexadecimal digits: among a billion alerts, two alike once in 10^11.
    """
    content = _encoder.encode([siren, kind, previous_tier, tier, sorted(event.items())])
    return hashlib.sha256(content).hexdigest()[:24]
