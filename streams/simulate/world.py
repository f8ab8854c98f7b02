"""The parameters of a simulated world, and its calendar."""

from dataclasses import dataclass

from detectors.errors import UnusableInput
from detectors.months import first_day, month_of, parse_month
from detectors.options import option
from streams.simulate.arrays import Ints, numbers

BURN_IN = 36
"""Months lived before the first one written, so that debts and troubles of every age exist at the start."""

_MORATORIUM_MONTHS = 6
_MORATORIUM_AT = 0.6
_LATEST = 2049 * 12 + 11


@dataclass(frozen=True)
class World:
    """What a simulated world is like. The same world and the same seed give the same bytes."""

    firms: int = option(1000, "Firms to simulate.", unit="firms", env="VIGIE_SIMULATE_FIRMS")
    months: int = option(96, "Months of data to write.", unit="months", env="VIGIE_SIMULATE_MONTHS")
    start: str = option("2018-01", "First month of data, YYYY-MM.", env="VIGIE_SIMULATE_START")
    moratorium: str = option(
        "auto",
        "Months of moratorium, YYYY-MM:YYYY-MM (both included), none, or auto: six months from 60 % of the span on, "
        "where it has at least 24 months.",
        env="VIGIE_SIMULATE_MORATORIUM",
    )
    failures: float = option(
        0.04,
        "Firms of the perimeter that enter a proceeding, about.",
        unit="share per year",
        env="VIGIE_SIMULATE_FAILURES",
    )
    clean: bool = option(False, "Write no corrupt rows, whatever their share.", env="VIGIE_SIMULATE_CLEAN")
    corrupt: float = option(
        1 / 5000, "Rows made unreadable, unless --clean.", unit="share of rows", env="VIGIE_SIMULATE_CORRUPT"
    )
    doubled: float = option(0.002, "Rows written twice.", unit="share of rows", env="VIGIE_SIMULATE_DOUBLED")
    displaced: float = option(
        0.02, "Rows moved away from their place in the file.", unit="share of rows", env="VIGIE_SIMULATE_DISPLACED"
    )


@dataclass(frozen=True)
class Calendar:
    """The months of a world as indices: 0 is the first month of the burn-in, `opens` the first one written."""

    first: int
    """The month (detectors.months) at index 0."""
    length: int
    """Months in all, burn-in included."""
    moratorium: tuple[int, int] | None
    """The indices of the moratorium, [from, to)."""

    @property
    def opens(self) -> int:
        """The index of the first month written."""
        return BURN_IN

    @property
    def months(self) -> Ints:
        """The month at each index."""
        return numbers(self.length, self.first)

    @property
    def extraction(self) -> int:
        """The day (ordinal) on which the files are extracted: nothing in them is known later."""
        return first_day(self.first + self.length).toordinal()

    def during_moratorium(self, t: int) -> bool:
        """Whether the month at an index lies in the moratorium."""
        return self.moratorium is not None and self.moratorium[0] <= t < self.moratorium[1]

    def day(self, t: int) -> int:
        """The first day (ordinal) of the month at an index."""
        return first_day(self.first + t).toordinal()


def calendar(world: World) -> Calendar:
    """The calendar of a world. Raises UnusableInput on parameters outside their range, naming the option."""
    _check(world.firms >= 1, f"--firms {world.firms}: a world has at least 1 firm")
    _check(world.firms <= 10_000_000, f"--firms {world.firms}: beyond 10 000 000 firms SIRENs run short; ask for fewer")
    _check(1 <= world.months <= 360, f"--months {world.months}: give 1 to 360 months")
    _check(0 <= world.failures <= 0.2, f"--failures {world.failures}: give a yearly share between 0 and 0.2")
    for name in ("corrupt", "doubled", "displaced"):
        share = getattr(world, name)
        _check(0 <= share <= 1, f"--{name} {share}: give a share between 0 and 1")
    start = _month("--start", world.start)
    _check(
        start >= 1990 * 12 and start + world.months - 1 <= _LATEST,
        f"--start {world.start} with --months {world.months}: the partners' dates hold 1990-01 to 2049-12",
    )
    first = start - BURN_IN
    return Calendar(first, BURN_IN + world.months, _moratorium(world, first))


def _moratorium(world: World, first: int) -> tuple[int, int] | None:
    if world.moratorium == "none":
        return None
    if world.moratorium == "auto":
        begin = BURN_IN + round(world.months * _MORATORIUM_AT)
        return (begin, begin + _MORATORIUM_MONTHS) if world.months >= 24 else None
    begin_text, colon, end_text = world.moratorium.partition(":")
    _check(bool(colon), f"--moratorium {world.moratorium}: write YYYY-MM:YYYY-MM, none or auto")
    begin, end = _month("--moratorium", begin_text) - first, _month("--moratorium", end_text) - first + 1
    _check(begin < end, f"--moratorium {world.moratorium}: it ends before it begins; swap the two months")
    _check(
        begin >= BURN_IN and end <= BURN_IN + world.months,
        f"--moratorium {world.moratorium}: it reaches outside the {world.months} months from {world.start}; "
        "move it inside, or give none",
    )
    return begin, end


def _month(name: str, text: str) -> int:
    try:
        month = parse_month(text)
        return month_of(first_day(month))
    except ValueError as error:
        raise UnusableInput(f"{name} {text}: not a month; write YYYY-MM, for example 2018-01") from error


def _check(good: bool, message: str) -> None:
    if not good:
        raise UnusableInput(message)
