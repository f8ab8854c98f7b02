"""Every option of the package says what it is."""

import dataclasses

import pytest

from detectors.chain import ChainOptions
from detectors.decisions import DecisionOptions
from detectors.jumps import JumpOptions
from detectors.learning import LearningOptions
from detectors.options import option
from detectors.perimeter import PerimeterOptions
from detectors.tiers import TierOptions

PACKAGES = (ChainOptions, DecisionOptions, JumpOptions, LearningOptions, PerimeterOptions, TierOptions)


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_field_is_an_option_or_holds_options(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    made = kind()
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(getattr(made, field.name)):
            continue
        assert field.metadata["help"]
        assert {"help", "unit", "env", "secret"} == set(field.metadata)


def test_options_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        JumpOptions().rise = 2.0  # type: ignore[misc]  # the very thing that must fail


def test_an_option_carries_its_help_unit_and_default() -> None:
    field = option(3, "Why", unit="days", env="X", secret=True)
    assert (field.default, dict(field.metadata)) == (3, {"help": "Why", "unit": "days", "env": "X", "secret": True})
