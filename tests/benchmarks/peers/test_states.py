"""A final state beside the reference: every difference is told."""

from benchmarks.peers import states, work
from benchmarks.peers.states import Verdict


def state(amount: float) -> states.Firm:
    plain = work.new_state()
    work.update(plain, "2024-01-01:101", amount)
    return states.of_dict(plain)


def test_missing_wrong_and_invented_firms_are_told() -> None:
    wanted = {"1": state(10.0), "2": state(20.0), "3": state(30.0)}
    assert states.compared(wanted, wanted) == Verdict(3, 0, 0)
    assert str(states.compared(wanted, wanted)) == "equal (3 firms)"
    found = {"1": state(10.0), "2": state(21.0), "4": state(1.0)}
    assert states.compared(wanted, found) == Verdict(3, 1, 2)
    assert str(states.compared(wanted, found)) == "DIFFERS: 1 missing, 2 wrong of 3"


def test_an_event_counted_twice_is_a_difference() -> None:
    once, twice = work.new_state(), work.new_state()
    for plain, times in ((once, 1), (twice, 2)):
        for _ in range(times):
            work.update(plain, "2024-01-01:101", 10.0)
    assert states.of_dict(once) != states.of_dict(twice)
