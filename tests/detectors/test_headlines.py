"""What an operator is told of a model, from its bytes alone."""

from datetime import date

import msgspec
import pytest

from detectors import models
from detectors.errors import UnusableInput
from detectors.headlines import Headline, headline
from detectors.regime import Finding, Regime


def test_the_headline_is_the_models_own() -> None:
    regime = Regime(month=24_242, inputs=Finding("alarm", 24_240), moved=("debt_growth_1m",))
    model = msgspec.structs.replace(models.prior(), version="v", as_of=date(2020, 3, 31), regime=regime)
    assert headline(models.encode(model)) == Headline("v", date(2020, 3, 31), regime)


def test_a_model_of_format_1_has_one_too() -> None:
    assert headline(b'{"version": "m1", "as_of": null, "weights": [1]}') == Headline("m1", None)


@pytest.mark.parametrize("data", [b"", b"not a model", b"{}", b"vigie-model\nxyz"])
def test_anything_else_has_none(data: bytes) -> None:
    with pytest.raises(UnusableInput, match="not a model of Vigie"):
        headline(data)
