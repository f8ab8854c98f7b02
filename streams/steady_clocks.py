"""Clocks that refuse to tell the day once the wall clock cannot be right.

What is judged by the day is for good: an event of after tomorrow is refused, a month that is over is ended. A worker
whose clock jumped, or that a machine with a wrong one started, must end rather than judge: whoever mends the clock and
starts it again has lost nothing.
"""

from dataclasses import dataclass, field
from datetime import date

from detectors.errors import VigieError
from streams.scorer import FUTURE_DAYS, Clocks

LARGEST_STEP_SECONDS = 12 * 3600.0
"""A smaller step moves the day by one at most, for which the bound on future dates has room."""


class ClockWrong(VigieError):
    """The wall clock of the machine cannot be right."""


class _Seen:
    """By how much the wall clock was ahead of the monotonic one when they were last looked at, in seconds."""

    apart: float | None = None


@dataclass(frozen=True)
class SteadyClocks(Clocks):
    """Clocks that are looked at now and then: each look is held against the one before."""

    _seen: _Seen = field(default_factory=_Seen)

    def today(self) -> date:
        """The wall clock's day. Raises ClockWrong where it was put forward or back by more than half a day."""
        now = self.now()
        apart = now.timestamp() - self.monotonic()
        step = apart - (apart if self._seen.apart is None else self._seen.apart)
        if abs(step) > LARGEST_STEP_SECONDS:
            raise ClockWrong(
                f"the wall clock of this machine was put {abs(step) / 3600:.0f} h {'forward' if step > 0 else 'back'} "
                f"while the worker ran, to {now:%Y-%m-%d %H:%M} UTC. {_REMEDY}"
            )
        # A clock that drifts, or is mended slowly, is followed.
        self._seen.apart = apart
        return now.date()

    def check(self, partition: int, day: int) -> None:
        """Raise ClockWrong where today is before what a partition's events (ordinal; 0: none) could have reached."""
        today = self.today()
        if day > today.toordinal() + FUTURE_DAYS:
            raise ClockWrong(
                f"the wall clock of this machine says {today}, and partition {partition} has events of "
                f"{date.fromordinal(day)}: it would refuse the next ones as from the future. {_REMEDY}"
            )


_REMEDY = (
    "Let it keep time by NTP (timedatectl), then start the worker again: it goes on from what was committed, and "
    "nothing is lost"
)
