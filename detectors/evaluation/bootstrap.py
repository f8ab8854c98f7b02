"""Intervals by resampling firms: the months of one firm are no independent observations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.ranking import Floats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval by firm; None is undefined, or no interval asked for."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Resampling:
    """How often firms are drawn, and from which seed; 0 samples give no intervals."""

    samples: int = 200
    seed: int = 0

    def weights(self, firms: NDArray[np.intp]) -> Iterator[Floats]:
        """For each sample, how often each row was drawn, (n,); `firms` are the rows' firms, numbered from 0, (n,).

        The same firms and the same seed give the same draws, which is what pairs two series on the same rows.
        """
        count = int(firms.max()) + 1 if len(firms) else 0
        rng = np.random.default_rng(self.seed)
        for _ in range(self.samples if count else 0):
            drawn = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)
            yield drawn[firms]


def numbered(sirens: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Firms as numbers from 0, in the order of their SIRENs, (n,)."""
    return np.unique(sirens, return_inverse=True)[1]


def estimates(
    measure: Callable[[Floats], Floats], firms: NDArray[np.intp], resampling: Resampling
) -> tuple[Estimate, ...]:
    """The figures that `measure` makes of weights of rows (n,), each with its interval."""
    values = measure(np.ones(len(firms)))
    samples = np.array([measure(weights) for weights in resampling.weights(firms)])
    return tuple(interval(float(value), samples[:, i] if len(samples) else samples) for i, value in enumerate(values))


def interval(value: float, samples: Floats) -> Estimate:
    """A figure and the middle 95 % of its samples; samples in which it was undefined are left out."""
    known = samples[np.isfinite(samples)]
    if not np.isfinite(value) or not len(known):
        return Estimate(value if np.isfinite(value) else None)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
