"""What comes of events, and of the ends of months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.labels import Cohort, Examples
from detectors.models import Model
from detectors.month_scores import MonthScores
from detectors.panel import Panel, Rows
from detectors.portfolio import Counts
from detectors.telling import Decision


@dataclass(frozen=True)
class Scores:
    """What each firm of the perimeter was given at a month end, arrays of n firms."""

    month: int
    sirens: NDArray[np.uint32]
    probabilities: NDArray[np.float64]
    tiers: NDArray[np.uint8]


class Time(NamedTuple):
    """How far a partition has come."""

    day: int
    """The greatest `known_at`."""
    swept: int
    """The last month that has ended."""
    known_to: NDArray[np.int32]
    """The reach of each source."""
    next_offset: int
    """The offset behind the last record that is in the state."""


@dataclass
class Outcome:
    """What a stretch of events, some firms' month end, or a whole month end came to."""

    panel: Panel
    """Where the firms stand of which some are changed."""
    model: Model
    """With which they were scored."""
    decisions: list[Decision] = field(default_factory=list)
    changed: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    """Rows of the panel that differ from before."""
    month: int | None = None
    """The month that ends, for some firms or for all."""
    kept: Mapping[int, Cohort] | None = None
    """At some firms' month end: as they were scored, by the number of their part of the cohort. To be kept before what
    changed."""
    scores: Scores | None = None
    """Of a whole month end, and so is all that follows."""
    cohort: Cohort | None = None
    """The firms as they were scored, to be kept until they are answered."""
    portfolio: Counts | None = None
    """How many of them had each code of each feature, (features, 256)."""
    month_scores: MonthScores | None = None
    """What their scores were like, by department."""
    examples: Examples | None = None
    """A cohort kept before that is answered now."""
    answered: Sequence[int] = ()
    """The numbers of its parts."""
    time: Time | None = None
    """The partition's time as the month ended: events may have come since."""
