"""Whether a firm's risk is suddenly higher than is usual for this firm.

The usual level is an exponentially weighted mean of its month-end scores, the spread their weighted variance (West,
1979, with a constant weight). Scores are measured from the model's base, so that a new model that moves everybody
makes nobody jump. A jump must be large for any firm and large for this one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.logits import logit
from detectors.options import option

Column = NDArray[np.float64]


@dataclass(frozen=True)
class JumpOptions:
    """What counts as a jump."""

    rise: float = option(1.0, "Least rise above the usual level: odds times e", unit="log-odds")
    deviations: float = option(3.0, "Least rise in standard deviations of the firm's own month-end scores")
    floor: float = option(0.05, "Least probability worth an agent's time")
    month_ends: int = option(3, "Month ends a firm must have been scored at before it can jump")
    cooldown_days: int = option(90, "Least time between two alerts about a jump", unit="days")
    memory: float = option(0.25, "Weight of the newest month end in the usual level")

    @cached_property
    def least_logit(self) -> float:
        """The floor as log-odds."""
        return logit(self.floor)


def jumped(
    excess: Column, usual: Column, spread: Column, month_ends: NDArray[np.int32], options: JumpOptions
) -> NDArray[np.bool_]:
    """Which firms stand far above their usual level, shape (n,); `excess` is the score minus the model's base."""
    needed = np.maximum(options.rise, options.deviations * np.sqrt(spread))
    return (month_ends >= options.month_ends) & (excess - usual >= needed)


def month_end(
    excess: Column, usual: Column, spread: Column, month_ends: NDArray[np.int32], options: JumpOptions
) -> tuple[Column, Column]:
    """The usual level and the spread after one more month end, each of shape (n,)."""
    first = month_ends == 0
    off = np.where(first, 0.0, excess - usual)
    moved = np.where(first, excess, usual + options.memory * off)
    return moved, np.where(first, 0.0, (1 - options.memory) * (spread + options.memory * off * off))
