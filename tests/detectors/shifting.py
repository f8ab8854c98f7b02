"""Models that differ from another in one way."""

import msgspec
import numpy as np

from detectors.models import Model, Thresholds, logit, sigmoid


def shifted(model: Model, by: float) -> Model:
    """The same model with every score, and the levels with them, higher by `by` log-odds."""
    levels = sigmoid(np.array([logit(model.thresholds.moderate), logit(model.thresholds.strong)]) + by).tolist()
    return msgspec.structs.replace(
        model, version=f"{model.version}+{by}", base=model.base + by, thresholds=Thresholds(*levels)
    )
