"""Parts of cohorts as bytes: every bit comes back, from this format and from those before."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import cohort_record
from detectors.arrays import stored
from detectors.features import names
from detectors.firm_record import UnreadableState
from detectors.labels import Cohort
from detectors.models import MEMBERS

KEY = b"~cohort|24200|7"
MONTH = 24_200


def cohort(firms: int, seed: int, shape: tuple[int, int] = (len(names()), len(MEMBERS))) -> Cohort:
    features, members = shape
    rng = np.random.default_rng(seed)
    return Cohort(
        MONTH,
        rng.integers(0, 10**9, firms).astype(np.uint32),
        rng.integers(0, 256, (firms, features)).astype(np.uint8),
        np.where(rng.random((firms, members)) < 0.3, np.nan, rng.normal(size=(firms, members))).astype(np.float32),
        rng.normal(size=firms),
    )


def as_before(part: Cohort, form: int) -> bytes:
    """As formats 2 to 4 had it."""
    arrays = (
        stored(part.sirens, "<u4"),
        stored(part.codes, "|u1"),
        stored(part.members, "<f4"),
        stored(part.logits, "<f8"),
    )
    return bytes([form]) + msgspec.msgpack.encode(arrays)


def same(found: Cohort, expected: Cohort) -> bool:
    return found.month == expected.month and all(
        (one := getattr(found, name)).tobytes() == (other := getattr(expected, name)).tobytes()
        and (one.dtype, one.shape) == (other.dtype, other.shape)
        for name in ("sirens", "codes", "members", "logits")
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 10**6), st.tuples(st.integers(0, 60), st.integers(0, 6)))
def test_every_bit_comes_back(firms: int, seed: int, shape: tuple[int, int]) -> None:
    part = cohort(firms, seed, shape)
    value = cohort_record.part_value(part)
    assert same(cohort_record.part_of(MONTH, value), part)
    assert cohort_record.part_value(cohort_record.part_of(MONTH, value)) == value


@pytest.mark.parametrize("form", [2, 3, 4])
def test_the_formats_before_are_read_and_a_firm_is_taken_out_of_them(form: int) -> None:
    part = cohort(9, form)
    value = as_before(part, form)
    cohort_record.require_readable(KEY, value)
    assert same(cohort_record.part_of(MONTH, value), part)
    left = cohort_record.without(KEY, value, int(part.sirens[4]))
    assert same(cohort_record.part_of(MONTH, left), part.rows(np.arange(9) != 4))
    assert cohort_record.without(KEY, value, 1) is value


def test_a_format_that_is_not_read_is_refused() -> None:
    value = bytes([9]) + cohort_record.part_value(cohort(2, 1))[1:]
    with pytest.raises(UnreadableState, match=r"~cohort\|24200\|7.* has format 9"):
        cohort_record.require_readable(KEY, value)
    with pytest.raises(UnreadableState, match="has format 9"):
        cohort_record.without(KEY, value, 1)


def test_what_repeats_takes_little() -> None:
    part = cohort(2_000, 1)
    usual = Cohort(MONTH, np.sort(part.sirens), part.codes * 0, part.members * np.nan, part.logits)
    assert len(cohort_record.part_value(usual)) < 12 * len(usual)
