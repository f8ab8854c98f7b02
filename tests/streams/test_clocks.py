from datetime import date

from detectors.events import AnyEvent, Clock, Firm, FirmEvent, Headcount
from streams.clocks import with_clocks
from streams.event_columns import table_of
from streams.merge import Sorter

FIRM = Firm(
    siren="123456789",
    siret=None,
    known_at=None,
    name=None,
    department=None,
    activity=None,
    active=None,
    legal_form=None,
)


def known(*day: int) -> FirmEvent:
    at = date(*day)
    return Headcount(siren="123456789", siret=None, known_at=at, account=None, month=at, headcount=1)


def clock(*day: int) -> Clock:
    return Clock(known_at=date(*day))


def clocked(*events: FirmEvent, run_events: int = 100) -> list[AnyEvent]:
    with Sorter(run_events) as sorter:
        for event in events:
            sorter.add(0, type(event), table_of(type(event), [event]))
        return [event for run in with_clocks(sorter.merged()) for event in run.events()]


def test_a_clock_before_each_month_and_at_the_end() -> None:
    january, later, april = known(2018, 1, 10), known(2018, 1, 20), known(2018, 4, 1)
    wanted = [FIRM, clock(2018, 1, 1), january, later, clock(2018, 4, 1), april, clock(2018, 4, 1)]
    assert clocked(FIRM, january, later, april) == wanted
    assert clocked(FIRM, january, later, april, run_events=1) == wanted


def test_no_clock_where_nothing_has_a_date() -> None:
    assert clocked(FIRM) == [FIRM]
    assert clocked() == []
