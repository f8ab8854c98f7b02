"""Models that differ from another in one way."""

import msgspec
import numpy as np

from detectors.logits import logit, sigmoid
from detectors.models import Calibration, Model, Thresholds


def shifted(model: Model, by: float) -> Model:
    """The same model with every score, and the levels with them, higher by `by` log-odds."""
    levels = sigmoid(np.array([logit(model.thresholds.moderate), logit(model.thresholds.strong)]) + by).tolist()
    calibration = Calibration(model.calibration.slope, model.calibration.shift + by)
    return msgspec.structs.replace(
        model, version=f"{model.version}+{by}", calibration=calibration, thresholds=Thresholds(*levels)
    )
