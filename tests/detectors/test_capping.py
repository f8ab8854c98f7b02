"""A cap on alerts by department: the cut that follows from counts, and what it does to decisions."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.batch import batch_of
from detectors.capping import CapOptions, Floors, StoredRises, floors, rises
from detectors.chain import Chain
from detectors.errors import UnusableInput
from detectors.events import AnyEvent
from detectors.labels import Cohort
from detectors.models import prior
from detectors.month_scores import CELLS, CUTS, MonthScores, count
from tests.detectors.making import JANUARY, clock, debt, firm, headcount, on

WEEKS = 365.25 / 12 / 7
HIGH = 20.0
"""A threshold of strong risk that nobody passes."""


def month(logits: list[float], department: bytes = b"75") -> MonthScores:
    """Firms that were never scored before: each rises through every cut up to its score."""
    n = len(logits)
    columns = np.zeros((n, 1), np.uint8), np.zeros((n, 1), np.float32)
    cohort = Cohort(2, np.arange(n, dtype=np.uint32), *columns, np.array(logits))
    return count(cohort, np.full(n, department, "S3"), None, np.zeros(0, bool))


@given(
    st.lists(
        st.lists(st.integers(-28, 28).map(lambda quarter: quarter / 4), min_size=1, max_size=30), min_size=1, max_size=5
    ),
    st.floats(0.2, 4),
)
def test_the_floor_is_the_lowest_that_keeps_the_rate(months: list[list[float]], cap: float) -> None:
    found = floors([rises(month(logits)) for logits in months], HIGH, CapOptions(cap)).get("75")
    everybody = np.concatenate(months)
    allowed = cap * WEEKS * len(months)
    if found is None:
        assert len(everybody) <= allowed
    else:
        assert (everybody >= found).sum() <= allowed
        assert (everybody >= found - 1 / 16).sum() > allowed


def test_whoever_turns_strong_later_counts_twice() -> None:
    told = [rises(month([1.0, 1.0, 3.0, 3.0]))]
    assert floors(told, HIGH, CapOptions(4 / WEEKS)) == {}
    assert floors(told, 2.0, CapOptions(4 / WEEKS))["75"] > 1.0


def test_departments_have_floors_of_their_own() -> None:
    busy, idle = month([0.0, 1.0, 2.0] * 5), month([0.0], b"2A")
    found = floors([rises(busy), rises(idle)], HIGH, CapOptions(1.0))
    assert set(found) == {"75"}
    looked_up = Floors(found).of(np.array([b"75", b"2A", b"", b"988"], "S3"))
    assert looked_up.tolist() == [found["75"], -np.inf, -np.inf, -np.inf]
    assert found["75"] in CUTS.tolist()


def test_without_a_cap_or_a_month_there_is_no_floor() -> None:
    crowd = [StoredRises(("75",), rises(month([1.0] * CELLS)).rises)]
    assert floors(crowd, HIGH, CapOptions()) == {}
    assert floors([], HIGH, CapOptions(1.0)) == {}
    assert Floors({}).of(np.array([b"75", b""], "S3")).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_that_means_nothing_is_refused(rate: float) -> None:
    with pytest.raises(UnusableInput, match="--alerts-per-week"):
        CapOptions(rate)


@pytest.mark.parametrize(
    ("floor", "told"), [({}, True), ({"69": 9.0}, True), ({"75": 9.0}, False), ({"75": -9.0}, True)]
)
def test_what_lies_below_its_departments_floor_is_not_told(floor: dict[str, float], told: bool) -> None:
    chain = Chain(msgspec.structs.replace(prior(), floors=floor))
    large = [debt(known_at=on(JANUARY + i), employee_share=90_000.0 * (i + 1)) for i in range(3)]
    events: list[AnyEvent] = [firm(department="75"), headcount(), *large, clock(on(JANUARY + 4))]
    decisions = [decision for outcome in chain.step(batch_of(events)) for decision in outcome.decisions]
    assert bool(decisions) is told
