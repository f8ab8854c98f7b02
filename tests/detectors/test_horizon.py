"""A model and those who use it predict within the same horizon."""

import msgspec
import pytest

from detectors.errors import UnusableInput
from detectors.labels import HorizonOptions
from detectors.models import UnusableModel, check_horizon, prior


@pytest.mark.parametrize("horizon", [0, -3, 121])
def test_a_horizon_that_cannot_be_waited_for_is_refused(horizon: int) -> None:
    with pytest.raises(UnusableInput, match=rf"--horizon .*{horizon} months"):
        HorizonOptions(horizon)


def test_the_scorecard_serves_any_horizon() -> None:
    check_horizon(prior(), 6)
    check_horizon(prior(), 24)


def test_what_was_learned_for_one_horizon_serves_no_other() -> None:
    model = msgspec.structs.replace(prior(), version="2020-01-x", horizon=18)
    check_horizon(model, 18)
    with pytest.raises(UnusableModel, match="within 18 months, not 12: give --horizon 18"):
        check_horizon(model, 12)
