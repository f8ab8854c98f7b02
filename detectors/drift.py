"""Whether something counted once a month has changed: statistics whose limits come from a budget of false alarms.

A rule of thumb (a stability index above 0.25) cries wolf in a small portfolio and sleeps in a large one. Here each
statistic is held against its own past: what would be passed once in so many months by chance is its limit.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]

BINS = 10
"""Bins of about as many firms each, beside that of the unknown values."""
_LEAST_DEVIATION = 0.15
"""On the log scale: a past that hardly varied does not make each ripple an alarm."""
ALLOWANCE = 0.5
"""Half the shift of the mean, in standard deviations, that the Page-Hinkley test is fastest to see."""


def stability(month: Counts, reference: Counts) -> Values:
    """Population stability index of each row, shape (k,): 0 for the same distribution.

    Both are counts of shape (k, 256), cell 0 for unknown. Bins hold about a tenth of the reference each; half a firm
    is added to each, so that an empty one is no infinity. Scaled to the month, so that a longer reference counts alike.
    """
    rows = len(month)
    known = reference.copy()
    known[:, 0] = 0
    middle = (known.cumsum(axis=1) - known / 2) / np.maximum(known.sum(axis=1), 1)[:, None]
    bins = 1 + np.minimum((middle * BINS).astype(np.intp), BINS - 1)
    bins[:, 0] = 0
    places = (bins + np.arange(rows)[:, None] * (BINS + 1)).ravel()
    now, then = (
        np.bincount(places, of.ravel(), rows * (BINS + 1)).reshape(rows, -1).astype(np.float64)
        for of in (month, reference)
    )
    firms = now.sum(axis=1, keepdims=True)
    then *= firms / np.maximum(then.sum(axis=1, keepdims=True), 1)
    p, q = ((of + 0.5) / (firms + 0.5 * (BINS + 1)) for of in (now, then))
    index: Values = ((p - q) * np.log(p / q)).sum(axis=1)
    return index


def limit(past: Sequence[float], rate: float) -> float:
    """What the next value passes with that probability, if it is like the past ones (Student's prediction limit)."""
    count = len(past)
    deviation = max(float(np.std(past, ddof=1)), _LEAST_DEVIATION)
    return float(np.mean(past)) + _student(1 - rate, count - 1) * deviation * math.sqrt(1 + 1 / count)


def _student(probability: float, freedom: int) -> float:
    """Student's quantile (Abramowitz and Stegun, 26.7.5): near enough from five degrees of freedom on."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def surprise(observed: int, expected: float) -> float:
    """How far a count is from what was expected, in standard deviations (Anscombe, 1948)."""
    return 2 * (math.sqrt(observed + 3 / 8) - math.sqrt(max(expected, 0.0) + 3 / 8))


def page_hinkley_threshold(months: float) -> float:
    """The threshold with so many steps between false alarms on either side (Siegmund, 1985), by bisection."""
    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        reach = 2 * ALLOWANCE * (middle + 1.166)
        run_length = (math.exp(reach) - reach - 1) / (2 * ALLOWANCE**2) / 2
        low, high = (middle, high) if run_length < months else (low, middle)
    return high


def mean_moved(values: Sequence[float], months: float) -> bool:
    """Whether the Page-Hinkley test, begun with the first value, finds at the last that their mean has moved.

    After each finding it begins again. `months` is the mean time between false alarms.
    """
    # Not before it is needed: River brings SciPy.
    from river.drift import PageHinkley

    test = PageHinkley(
        min_instances=6, delta=ALLOWANCE, threshold=page_hinkley_threshold(months), alpha=1.0, mode="both"
    )
    for value in values:
        test.update(value)
    return bool(test.drift_detected)
