"""Cases for the alerts of a version that had none: done once a department, before the first new alert joins.

Entry by entry, in the order of the stream, each alert joins its firm's case; the same step notes how far that has come.
So it may be broken off anywhere, and two may do it at once. Stop dispatchers of the older version first: what they
append afterwards gets no case.
"""

from collections.abc import Generator
from typing import Any

import msgspec

from alerts import alert as alerts
from alerts.case_store import ADOPTED, COMMIT, case_of, commit, reading
from alerts.history import of_alert
from alerts.joining import join
from alerts.routing import desk_key, stream_key
from alerts.scripts import Command

PAGE = 200

Steps = Generator[list[Command], list[Any], None]
"""Yields commands to send, and is sent their answers; an answer that is an error is raised by who sends."""


def adopting(queue: str, live_days: float) -> Steps:
    """Give the alerts of a queue their cases. Nobody is told of them."""
    yield [("SCRIPT LOAD", COMMIT.text)]
    cursor = ""
    while True:
        (found,) = yield [("HGET", desk_key(queue), ADOPTED)]
        marker = found.decode() if found else ""
        if marker == "done":
            return
        (entries,) = yield [("XRANGE", stream_key(queue), f"({cursor or marker}" if cursor or marker else "-", "+",
                             "COUNT", PAGE)]  # fmt: skip
        if not entries:
            yield [("HSET", desk_key(queue), ADOPTED, "done")]
            return
        answers = yield from _page(queue, entries, marker, live_days)
        # Somebody else was faster: on from where they are.
        cursor = entries[-1][0].decode() if all(told is not None for told, _ in answers) else ""


def _page(
    queue: str, entries: list[Any], marker: str, live_days: float
) -> Generator[list[Command], list[Any], list[Any]]:
    found = [(entry.decode(), alert) for entry, fields in entries if (alert := _alert(fields)) is not None]
    if not found:
        return []
    sirens = list(dict.fromkeys(alert.siren for _, alert in found))
    (values,) = yield [reading(queue, sirens)]
    here = {siren: case_of(value, queue, siren) for siren, value in zip(sirens, values, strict=True)}
    commands = []
    for entry, alert in found:
        joined = join(here[alert.siren], alert, queue, live_days)
        told = of_alert(joined, alert)
        if told:
            told += ["entry", entry, "notice", "none", "why", "adopted"]
        change = commit(here[alert.siren], joined.case, told, adopted=(marker, entry))
        commands.append(COMMIT.command(change))
        here[alert.siren], marker = joined.case, entry
    return (yield commands)


def _alert(fields: dict[bytes, bytes] | None) -> alerts.Alert | None:
    """The alert of an entry; None of one that holds none."""
    try:
        return alerts.decode((fields or {}).get(b"alert", b""))
    except (msgspec.DecodeError, RecursionError):
        return None
