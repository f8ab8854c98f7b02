"""The judge finds a commit that was ahead of what it stands for: else a storm would prove nothing."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from detectors import pack
from detectors.chain import Chain
from detectors.models import prior
from streams.admission import admit
from tests.detectors.making import SIREN, debt, headcount
from tests.faults.watch import ALERTS, CHANGELOG, DISPATCHER, EVENTS, SCORER, TRAINER, Look, check_commits
from tests.streams.received import received

SENT = [received(headcount(), 0), received(debt(), 1)]


@dataclass(frozen=True)
class Record:
    """What is read of a record."""

    key: bytes | None
    value: bytes | None
    offset: int
    partition: int = 0


def changelog() -> list[Record]:
    """The state after each of the events."""
    chain, found = Chain(prior()), list[Record]()
    for event in SENT:
        for outcome in chain.step(admit([event], 0, 1, 800_000).batch):
            found += [Record(k, v, len(found)) for k, v in pack.firm_records(chain.panel, outcome.changed)]
    assert len(found) == 2
    return found


RECORDS: dict[str, list[Any]] = {
    EVENTS: [Record(event.key, event.value, event.offset) for event in SENT],
    ALERTS: [Record(SIREN.encode(), json.dumps({"id": "a", "source": {"offset": 1}}).encode(), 0)],
    CHANGELOG: changelog(),
}


def judged(
    *, scored: int = 2, alerts: int = 1, state: int = 2, dispatched: int = 1, redis: tuple[str, ...] = ("a",)
) -> None:
    committed = {SCORER: {0: scored}, DISPATCHER: {0: dispatched}, TRAINER: {}}
    look = Look(committed, {EVENTS: {0: 2}, ALERTS: {0: alerts}, CHANGELOG: {0: state}}, frozenset(redis))
    check_commits([look], RECORDS[EVENTS], RECORDS[ALERTS], RECORDS[CHANGELOG])


def test_what_is_in_order_passes() -> None:
    judged()
    judged(scored=1, alerts=0, state=1, dispatched=0, redis=())


def test_an_event_committed_before_its_alert() -> None:
    with pytest.raises(AssertionError, match="committed before it was there"):
        judged(alerts=0, dispatched=0)


@pytest.mark.parametrize("state", [0, 1])
def test_an_event_committed_before_its_state(state: int) -> None:
    with pytest.raises(AssertionError, match="had not all of their events"):
        judged(state=state)


def test_an_alert_committed_before_it_was_in_redis() -> None:
    with pytest.raises(AssertionError, match="committed and not in Redis"):
        judged(redis=())
