from datetime import date

from detectors.events import Clock, Firm, FirmEvent, Headcount
from streams.clocks import with_clocks

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


def test_a_clock_before_each_month_and_at_the_end() -> None:
    january, later, april = known(2018, 1, 10), known(2018, 1, 20), known(2018, 4, 1)
    assert list(with_clocks([FIRM, january, later, april])) == [
        FIRM,
        clock(2018, 1, 1),
        january,
        later,
        clock(2018, 4, 1),
        april,
        clock(2018, 4, 1),
    ]


def test_no_clock_where_nothing_has_a_date() -> None:
    assert list(with_clocks([FIRM])) == [FIRM]
    assert list(with_clocks([])) == []
