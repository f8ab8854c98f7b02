"""Alert JSON checked and addressed, ready for its queue."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from alerts import alert as alerts
from alerts.routing import queue_for

LARGEST_BYTES = 1_000_000
"""Kafka's own default limit for a record: a larger one is not ours."""

_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_SIREN = re.compile(r"[0-9]{9}")


class Parcel(NamedTuple):
    """An alert on its way. `data` goes into the queue as it came; `sent_at` (epoch seconds) is its event's sending."""

    data: bytes
    alert: alerts.Alert
    queue: str
    sent_at: float | None
    trace: str | None = None
    """Its place in a trace, as W3C's `traceparent`."""


class Refused(NamedTuple):
    """What cannot be published, by its place in the batch, and why."""

    place: int
    data: bytes
    reason: str


def pack(
    batch: Sequence[bytes], sent_at: Sequence[float | None] = (), traces: Sequence[str | None] = ()
) -> tuple[list[Parcel], list[Refused]]:
    """The alerts of a batch in order, and beside them what is no alert.

    `sent_at` and `traces` are empty or as long as the batch.
    """
    if sent_at and len(sent_at) != len(batch):
        raise ValueError(f"{len(sent_at)} sending times for {len(batch)} alerts: give one each, or none at all")
    parcels: list[Parcel] = []
    refused: list[Refused] = []
    for place, data in enumerate(batch):
        try:
            alert = _open(data)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            refused.append(Refused(place, data, f"not an alert: {error}"))
        else:
            queue = queue_for(alert.siren, alert.department)
            sent, trace = sent_at[place] if sent_at else None, traces[place] if traces else None
            parcels.append(Parcel(data, alert, queue, sent, trace))
    return parcels, refused


def _open(data: bytes) -> alerts.Alert:
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"{len(data)} bytes, {LARGEST_BYTES} at most")
    alert = alerts.decode(data)
    if not _ID.fullmatch(alert.id):
        raise ValueError("`id` is not 1 to 64 letters, digits or .:_-")
    if not _SIREN.fullmatch(alert.siren):
        raise ValueError("`siren` is not 9 digits")
    return alert
