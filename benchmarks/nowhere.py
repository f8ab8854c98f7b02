"""Where the scores and alerts of a replay go that is run for something else."""

from alerts.alert import Alert
from detectors.outcome import Scores


class Nowhere:
    """Drops all that it is given."""

    def scores(self, scores: Scores, model_version: str) -> None:
        """Drop them."""

    def alert(self, alert: Alert) -> None:
        """Drop it."""
