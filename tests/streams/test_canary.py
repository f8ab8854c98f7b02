"""The parts; `tests/acceptance/test_prometheus.py` has one fly through a whole system."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from alerts import alert as contract
from alerts.routing import CANARY, CANARY_SIREN, QUEUES, UNKNOWN, queue_for
from detectors import models
from detectors.chain import ChainOptions
from detectors.decisions import DecisionOptions
from detectors.perimeter import PerimeterOptions
from streams import wire
from streams.canary import HEADER, KEY, OLDEST_SECONDS, alerts_of, apart, canary, decided
from tests.streams.received import Received

DAY = date(2024, 3, 5)
NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
READY = models.Scorer(models.prior())


def sent(account: str = "canary-1", ago: float = 1.0, key: bytes = KEY, **fields: object) -> Received:
    """A canary as it comes from Kafka."""
    event = msgspec.structs.replace(canary(account, DAY), **fields)
    headers = ((wire.SENT_HEADER, b"%d" % ((NOW.timestamp() - ago) * 1000)), (HEADER, b"1"))
    return Received(key=key, value=wire.encode(event), offset=7, headers=headers)


@pytest.mark.parametrize(
    "options",
    [
        ChainOptions(),
        ChainOptions(DecisionOptions(PerimeterOptions(headcount_floor=250, departments=("75",)))),
        ChainOptions(horizon=6),
    ],
)
@pytest.mark.parametrize("day", [DAY, date(2024, 1, 1), date(2024, 2, 29), date(2023, 12, 31)])
def test_it_raises_strong_risk_whatever_the_perimeter_and_the_day(options: ChainOptions, day: date) -> None:
    (decision,) = decided(canary("canary-1", day), READY, options)
    assert (decision.siren, decision.kind, decision.tier, decision.day) == (CANARY_SIREN, "raised", 2, day.toordinal())


def test_each_has_an_alert_of_its_own_and_the_same_one_each_time_it_is_read() -> None:
    def ids(*accounts: str) -> list[str]:
        outgoing = alerts_of([sent(name) for name in accounts], 3, READY, ChainOptions(), NOW, "fr")
        assert {(record.key, record.partition) for record in outgoing} == {(KEY, 3)}
        return [contract.decode(record.value or b"").id for record in outgoing]

    first, second = ids("canary-1", "canary-2")
    assert first != second
    assert ids("canary-1") == [first]


def test_old_ones_are_passed_over() -> None:
    old, new = sent("old", ago=OLDEST_SECONDS + 1), sent("new")
    (alert,) = alerts_of([old, new], 0, READY, ChainOptions(), NOW, "fr")
    assert contract.decode(alert.value or b"").causes[0]["account"] == "new"


def test_what_only_looks_like_one_is_judged_as_any_record_is() -> None:
    bird = sent()
    others = [
        Received(key=b"732829320", value=b"{}", offset=1, headers=((HEADER, b"1"),)),
        Received(key=KEY, value=bird.value, offset=2, headers=()),
        Received(key=KEY, value=b"{", offset=3, headers=((HEADER, b"1"),)),
        Received(key=KEY, value=None, offset=4, headers=((HEADER, b"1"),)),
        sent(siren="732829320"),
        Received(key=None, value=b"{}", offset=5, headers=()),
    ]
    assert apart([*others[:3], bird, *others[3:]]) == (others, [bird])
    assert apart(others[:1]) == (others[:1], [])


def test_no_agent_is_shown_one_and_no_firm_is_taken_for_one() -> None:
    assert CANARY not in QUEUES
    assert queue_for(CANARY_SIREN, "75") == CANARY
    assert queue_for("732829320", "75") == "75"
    assert queue_for("732829320", CANARY) == UNKNOWN
