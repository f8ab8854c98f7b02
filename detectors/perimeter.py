"""Who is scored: employers of at least ten, outside administration and teaching, not yet in a proceeding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.options import option
from detectors.view import View


@dataclass(frozen=True)
class PerimeterOptions:
    """The perimeter of the network, as settings."""

    headcount_floor: float = option(10.0, "Smallest headcount that is scored", unit="employees")
    excluded_divisions: tuple[int, ...] = option((84, 85), "NAF divisions that are not scored (sections O and P)")


def in_perimeter(view: View, options: PerimeterOptions) -> NDArray[np.bool_]:
    """Which firms of the view are scored, shape (n,).

    A firm of unknown headcount is scored once it shows itself as an employer (any event but reference data): the
    headcount files may be missing, and nobody should go unseen for that. `active` is the state at the extraction and
    would tell the future of old months: it plays no part.
    """
    firms = view.firms
    large = np.nan_to_num(view.headcount, nan=np.inf) >= options.headcount_floor
    activity = ~np.isin(firms["division"], np.array(options.excluded_divisions, np.uint8))
    return large & activity & (firms["employer"] == 1) & ~view.in_proceeding
