from hypothesis import given
from hypothesis import strategies as st

from alerts.notify.cap import HOUR_SECONDS, digest_is_due, may_push, room

MOMENTS = st.lists(st.tuples(st.floats(0, 900), st.integers(0, 4)), max_size=60)


@given(MOMENTS, st.integers(2, 8), st.floats(60, 7200))
def test_no_hour_has_more_than_it_may_and_everything_goes(
    moments: list[tuple[float, int]], per_hour: int, wait: float
) -> None:
    """Alerts come whenever they like: as the notifier does with them."""
    now, come = 0.0, 0
    sent: list[float] = []
    held: list[tuple[float, int]] = []
    told: list[int] = []
    for pause, arriving in [*moments, *[(wait, 0), (HOUR_SECONDS, 0)]]:
        now += pause
        for _ in range(arriving):
            come += 1
            if may_push(sent, now, per_hour):
                sent.append(now)
                told.append(come)
            else:
                held.append((now, come))
        if digest_is_due(held[0][0] if held else None, sent, now, per_hour, wait):
            sent.append(now)
            told += [number for _, number in held]
            held = []
        assert room(sent, now, per_hour) >= 0
    for moment in sent:
        assert sum(moment - HOUR_SECONDS < other <= moment for other in sent) <= per_hour
    assert sorted(told) == list(range(1, come + 1)), "each once, and none lost"


def test_a_clock_that_was_set_back_frees_nothing() -> None:
    assert room([10_000.0, 9_999.0], 50.0, 5) == 3
    assert not digest_is_due(None, [], 50.0, 5, 0)
