"""A code keeps the order of values, says zero exactly, and is no further off than its step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.features import FEATURES, names
from detectors.scales import CODES, UNKNOWN_CODE, Scale

SCALES = {
    "even": Scale(most=12.0),
    "even signed": Scale(most=2.0, signed=True),
    "log": Scale(most=1e6, unit=10.0),
    "log signed": Scale(most=200.0, unit=0.05, signed=True),
}
scales = st.sampled_from(sorted({f.scale for f in FEATURES} | set(SCALES.values())))
values = st.floats(-1e13, 1e13) | st.floats(-3.0, 3.0)


def code(scale: Scale, value: float) -> int:
    return int(scale.encode(np.array([value]))[0])


@given(scales, st.lists(values, min_size=2, max_size=50))
def test_codes_ascend_with_values(scale: Scale, some: list[float]) -> None:
    codes = scale.encode(np.sort(np.array(some)))
    assert codes.dtype == np.uint8
    assert (np.diff(codes.astype(int)) >= 0).all()
    assert (codes != UNKNOWN_CODE).all()


@given(scales, st.integers(1, CODES - 1))
def test_every_code_stands_for_a_value_that_has_this_code(scale: Scale, at: int) -> None:
    decoded = scale.decode()
    assert decoded.shape == (CODES,)
    # A signed scale is odd: it has one code fewer below zero than a byte has room for.
    expected = max(at, 1) if not scale.signed else at
    assert code(scale, float(decoded[at])) == expected


@given(scales, values)
def test_a_value_comes_back_within_a_step(scale: Scale, value: float) -> None:
    """Between the values of the codes beside its own; beyond the ends of the scale it is the end."""
    decoded = scale.decode()[1:]
    inside = float(np.clip(value, decoded[0], decoded[-1]))
    at = code(scale, value) - 1
    below, above = decoded[max(at - 1, 0)], decoded[min(at + 1, len(decoded) - 1)]
    assert below <= inside <= above
    assert abs(decoded[at] - inside) <= max(above - decoded[at], decoded[at] - below) + 1e-9


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_zero_comes_back_as_zero(scale: Scale) -> None:
    assert scale.decode()[code(scale, 0.0)] == 0.0
    assert code(scale, -0.0) == code(scale, 0.0)
    assert code(scale, 0.0) == (127 + 1 if scale.signed else 1)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_ends_of_the_scale_hold_whatever_is_beyond(scale: Scale) -> None:
    decoded = scale.decode()
    lowest = -scale.most if scale.signed else 0.0
    assert decoded[1] == pytest.approx(lowest)
    assert decoded[-1] == pytest.approx(scale.most)
    for beyond in (scale.most, scale.most * 1e9, np.inf):
        assert code(scale, beyond) == CODES - 1
        assert code(scale, -beyond) == 1


@given(scales)
def test_what_is_unknown_is_code_zero_and_not_a_number_again(scale: Scale) -> None:
    assert code(scale, np.nan) == UNKNOWN_CODE
    decoded = scale.decode()
    assert np.isnan(decoded[UNKNOWN_CODE])
    assert np.isfinite(np.delete(decoded, UNKNOWN_CODE)).all()


@given(st.sampled_from([s for s in SCALES.values() if s.signed]), st.floats(0.0, 1e6))
def test_a_signed_scale_is_odd(scale: Scale, value: float) -> None:
    assert code(scale, value) - 128 == 128 - code(scale, -value)


def test_steps_are_even_or_grow() -> None:
    even, log = (np.diff(SCALES[name].decode()[1:]) for name in ("even", "log"))
    assert even == pytest.approx(np.full(len(even), 12.0 / 254))
    assert (np.diff(log) > 0).all()
    assert log[0] < 1.0 < 10_000.0 < log[-1]


def test_a_division_is_its_own_code() -> None:
    scale = next(f.scale for f in FEATURES if f.name == "division")
    assert scale.encode(np.arange(1.0, 100.0)).tolist() == list(range(2, 101))


@pytest.mark.parametrize("name", names())
def test_scales_of_features_are_fine_enough(name: str) -> None:
    """A tenth more of anything that is not near the end of its scale is another code."""
    scale = next(f.scale for f in FEATURES if f.name == name)
    value = scale.most / 3
    if value > 1 / 3:
        assert code(scale, 1.1 * value) > code(scale, value)
