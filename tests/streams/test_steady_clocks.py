from datetime import UTC, date, datetime

import pytest

from streams.steady_clocks import LARGEST_STEP_SECONDS, ClockWrong, SteadyClocks

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
TODAY = date(2026, 5, 1)


class Machine:
    """A machine that has run for `seconds`, and whose wall clock is `wrong` by so many."""

    def __init__(self) -> None:
        self.seconds = self.wrong = 0.0
        self.clocks = SteadyClocks(lambda: NOON + self.seconds + self.wrong, lambda: self.seconds)


def test_time_goes_on_and_small_steps_are_followed() -> None:
    machine = Machine()
    assert machine.clocks.today() == TODAY
    machine.seconds = 90 * 86_400.0
    assert machine.clocks.today() == date(2026, 7, 30)
    for _ in range(3):
        machine.wrong += LARGEST_STEP_SECONDS - 1
        machine.clocks.today()


@pytest.mark.parametrize(
    ("seconds", "told"), [(-NOON, "h back while the worker ran, to 1970-01-01 00:00"), (86_400.0, "24 h forward")]
)
def test_no_day_is_told_after_a_step_until_the_clock_is_right_again(seconds: float, told: str) -> None:
    machine = Machine()
    machine.clocks.today()
    machine.wrong = seconds
    for _ in range(2):
        with pytest.raises(ClockWrong, match=told):
            machine.clocks.today()
    machine.wrong = 5.0
    assert machine.clocks.today() == TODAY


def test_a_machine_that_began_with_a_wrong_clock_is_found_out_by_what_the_partition_has() -> None:
    machine = Machine()
    machine.clocks.check(3, 0)
    machine.clocks.check(3, TODAY.toordinal() + 1)
    with pytest.raises(ClockWrong, match="says 2026-05-01, and partition 3 has events of 2026-05-03: it would refuse"):
        machine.clocks.check(3, TODAY.toordinal() + 2)
