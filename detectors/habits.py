"""What is remembered of a firm's month ends beyond the thirteen kept one by one: its habits of debt and size."""

import numpy as np

from detectors.panel import Panel, Rows
from detectors.rings import NEVER
from detectors.view import View

USUAL_MEMORY = 1 / 18
"""Weight of the newest month end in the usual debt."""
PEAK_FADES = 0.98
"""What is left of the peak of the headcount from one month end to the next."""
SOME_DEBT_EUROS = 1.0


def remember_habits(panel: Panel, rows: Rows, view: View) -> None:
    """Count one more month end of the firms at `rows`, which are those of the view, in order."""
    f, owing = panel.firms, view.debt > SOME_DEBT_EUROS
    owed, run = view.debt / view.contribution_scale, f["debt_run"][rows]
    f["debt_episodes"][rows] += owing & (run == 0)
    f["debt_run"][rows] = np.where(owing, run + 1, 0)
    f["clean_run"][rows] = np.where(owing, 0, f["clean_run"][rows] + 1)
    f["debt_months"][rows] += owing
    usual, first = f["debt_usual"][rows], f["first_swept"][rows] == NEVER
    f["debt_usual"][rows] = np.where(first, owed, usual + USUAL_MEMORY * (owed - usual))
    f["debt_peak"][rows] = np.maximum(f["debt_peak"][rows], owed)
    f["heads_peak"][rows] = np.fmax(f["heads_peak"][rows] * PEAK_FADES, np.nan_to_num(view.headcount))
