from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from streams.lag import MOST_MARKS, Backlog, Lags, Position
from streams.metrics import StreamMetrics

Looks = list[tuple[float, Position]]


@st.composite
def looks(draw: st.DrawFn) -> Looks:
    """Looks at a partition as time goes on: records come, and some of those there are committed."""
    now, committed, end, found = 0.0, draw(st.integers(0, 3)), 0, []
    for _ in range(draw(st.integers(1, 30))):
        now += draw(st.sampled_from([0.5, 1.0, 60.0]))
        end = max(end, committed) + draw(st.integers(0, 3))
        committed += draw(st.integers(0, end - committed))
        found.append((now, Position(committed, end)))
    return found


def waited(seen: Looks) -> float:
    """How long the oldest record not committed has been seen, from all looks."""
    now, at = seen[-1]
    return next((now - time for time, position in seen if position.end > at.committed), 0.0)


@given(looks())
def test_the_oldest_record_waits_since_it_was_first_seen(seen: Looks) -> None:
    backlog = Backlog()
    for number, (now, position) in enumerate(seen):
        well = backlog.look(position, now)
        assert backlog.waiting_seconds(now) == waited(seen[: number + 1])
        before = seen[number - 1][1].committed if number else -1
        assert well == (position.committed != before or position.committed == position.end)


def test_an_outage_of_hours_takes_little_memory_and_no_record_for_younger_than_it_is() -> None:
    backlog, seen = Backlog(), [(float(second), Position(0, second + 1)) for second in range(5 * MOST_MARKS)]
    for now, position in seen:
        backlog.look(position, now)
    assert len(backlog._marks) <= MOST_MARKS
    now = seen[-1][0] + 1
    for committed in (0, 17, 2_500, 4_000, 4_999):
        backlog.look(Position(committed, len(seen)), now)
        truth = now - committed
        assert truth <= backlog.waiting_seconds(now) <= 1.25 * truth + 1
    backlog.look(Position(len(seen), len(seen)), now)
    assert backlog.waiting_seconds(now) == 0


def test_a_partition_that_went_to_another_worker_is_shown_no_more() -> None:
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    shown, events, alerts = Lags(metrics), ("vigie.events", 3), ("vigie.alerts", 3)
    labels = {"topic": "vigie.events", "partition": "3"}
    shown.show("scorer", {events: Position(4, 9)}, 10.0, 1_000.0)
    shown.show("dispatcher", {alerts: Position(1, 1)}, 10.0, 1_000.0)
    shown.show("scorer", {events: Position(4, 11)}, 12.0, 1_002.0)
    metrics.firms.labels("3").set(7)
    value = registry.get_sample_value
    assert value("vigie_consumer_lag_records", labels) == 7
    assert value("vigie_consumer_lag_seconds", labels) == 2
    assert value("vigie_committed_timestamp_seconds", labels) == 1_000
    shown.show("scorer", {}, 13.0, 1_003.0)
    for name in ("vigie_consumer_lag_records", "vigie_consumer_lag_seconds", "vigie_committed_timestamp_seconds"):
        assert value(name, labels) is None
    assert value("vigie_firms", {"partition": "3"}) is None
    assert value("vigie_consumer_lag_seconds", {"topic": "vigie.alerts", "partition": "3"}) == 0
    shown.show("scorer", {events: Position(4, 11)}, 20.0, 1_010.0)
    assert value("vigie_consumer_lag_seconds", labels) == 10
