"""The one time axis of a firm's charts: where a day and a month stand, in units of their view box."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from alerts.console.charts import LEFT, RIGHT, WIDTH
from alerts.language import Language

Month = int
"""Counted from January of year 0."""


class Axis(NamedTuple):
    """From the beginning of the first month to the end of the last one."""

    first: Month
    last: Month

    @property
    def slot(self) -> float:
        """What a month takes of the width."""
        return (WIDTH - LEFT - RIGHT) / (self.last - self.first + 1)

    def begin(self, month: Month) -> float:
        """Where a month begins."""
        return LEFT + (month - self.first) * self.slot

    def at(self, day: date) -> float:
        """Where a day stands; one that lies outside, at the nearer end."""
        month = month_of(day)
        if month < self.first:
            return LEFT
        if month > self.last:
            return WIDTH - RIGHT
        return self.begin(month) + self.slot * (day.day - 0.5) / monthrange(day.year, day.month)[1]


def axis_of(months: Iterable[Month], days: Iterable[date]) -> Axis:
    """The axis that holds all of them; at least one."""
    every = [*months, *map(month_of, days)]
    return Axis(min(every), max(every))


def month_of(day: date) -> Month:
    """The month that holds a day."""
    return day.year * 12 + day.month - 1


def parsed(text: str) -> Month:
    """The month written YYYY-MM."""
    year, _, month = text.partition("-")
    return int(year) * 12 + int(month) - 1


def written(month: Month, language: Language) -> str:
    """01/2018 in French, 2018-01 in English."""
    year, number = month // 12, month % 12 + 1
    return f"{number:02d}/{year:04d}" if language == "fr" else f"{year:04d}-{number:02d}"
