"""How the partners write dates, months and amounts; whole columns at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from detectors.months import first_day, month_text
from streams.simulate.arrays import Floats, Ints, Texts, texts

_ENGLISH_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def urssaf_date(day: date) -> str:
    """(A)AAMMJJ, where the year is AAA + 1900.

    >>> urssaf_date(date(2018, 2, 3)), urssaf_date(date(1999, 5, 5))
    ('1180203', '990505')
    """
    return f"{day.year - 1900:02d}{day.month:02d}{day.day:02d}"


def court_date(day: date) -> str:
    """The courts' way.

    >>> court_date(date(2014, 5, 26))
    '26MAY2014'
    """
    return f"{day.day:02d}{_ENGLISH_MONTHS[day.month - 1]}{day.year:04d}"


def french_date(day: date) -> str:
    """dd/mm/yyyy."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def compact_date(day: date) -> str:
    """YYYYMMDD."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def period(first: int, end: int, *, short: bool = False) -> str:
    """An URSSAF period, YYYYQM or YYQM, of the months [first, end).

    >>> period(2018 * 12 + 1, 2018 * 12 + 2), period(2018 * 12 + 3, 2018 * 12 + 6), period(2018 * 12, 2019 * 12)
    ('201812', '201820', '201862')
    """
    year, month = divmod(first, 12)
    within = 0 if end - first == 3 else month % 3 + 1
    text = f"{year:04d}62" if end - first == 12 else f"{year:04d}{month // 3 + 1}{within}"
    return text[2:] if short else text


@dataclass(frozen=True)
class Days:
    """The spellings of the days of a range, looked up rather than made row by row."""

    begin: int
    end: int

    def table(self, spell: Callable[[date], str]) -> Texts:
        """One spelling of every day, in order."""
        return texts([spell(date.fromordinal(day)) for day in range(self.begin, self.end)])


@dataclass(frozen=True)
class Spelling:
    """All tables of dates that the writers need; days are ordinals from `begin` on."""

    begin: int
    urssaf: Texts
    court: Texts
    french: Texts
    compact: Texts
    iso: Texts

    def write(self, table: Texts, days: Ints) -> list[str]:
        """The days in one of the tables' spellings."""
        spelt: list[str] = table[days - self.begin].tolist()
        return spelt


def spelling(begin: int, end: int) -> Spelling:
    """The tables for the days [begin, end)."""
    days = Days(begin, end)
    return Spelling(
        begin=begin,
        urssaf=days.table(urssaf_date),
        court=days.table(court_date),
        french=days.table(french_date),
        compact=days.table(compact_date),
        iso=days.table(date.isoformat),
    )


def periods(first: Ints, end: Ints, short: Ints) -> list[str]:
    """Periods of months (detectors.months), each spelt once and then looked up."""
    keys = list(zip(first.tolist(), end.tolist(), short.tolist(), strict=True))
    spelt = {key: period(key[0], key[1], short=bool(key[2])) for key in set(keys)}
    return [spelt[key] for key in keys]


def month_column(month: int) -> str:
    """The header of a month's headcount: effYYYYQM."""
    return "eff" + period(month, month + 1)


def month_days(months: Ints) -> list[str]:
    """The first day of each month, ISO."""
    spelt = {month: f"{month_text(month)}-01" for month in set(months.tolist())}
    return [spelt[month] for month in months.tolist()]


def duration_days(begin: int, months: int) -> int:
    """Days from a day (ordinal) to the same day of the month `months` later (days are 28 at most)."""
    day = date.fromordinal(begin)
    later = first_day(day.year * 12 + day.month - 1 + months)
    return later.toordinal() + day.day - 1 - begin


def whole(values: Ints) -> list[str]:
    """Integers."""
    return list(map(str, values.tolist()))


def decimals(values: Floats, comma: Ints | None = None) -> list[str]:
    """Numbers with two decimals, with a comma where `comma` is 1."""
    spelt = [f"{value:.2f}" for value in values.tolist()]
    if comma is None:
        return spelt
    return [text.replace(".", ",") if flag else text for text, flag in zip(spelt, comma.tolist(), strict=True)]


def quoted(values: list[str]) -> list[str]:
    """Cells in double quotes, doubling those inside."""
    return ['"' + value.replace('"', '""') + '"' for value in values]


def quoted_if_needed(values: list[str]) -> list[str]:
    """Cells in double quotes where they hold a comma or a quote."""
    return [quoted([value])[0] if "," in value or '"' in value else value for value in values]
