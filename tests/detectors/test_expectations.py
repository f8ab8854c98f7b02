"""Whatever is expected, every row comes back; what is as expected is 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.expectations import Expectations, Field
from detectors.firm_fields import ENTRIES, FIRM, LEDGERS, known_of_firms, sums_of_entries
from detectors.firm_record import HEAD
from detectors.panel import SUMS_OF_ACCOUNTS, UNKNOWN
from detectors.rings import MONTHS

SERIES = np.dtype([("due", "<i8", MONTHS), ("paid", "<i8", MONTHS), ("heads", "<i8", MONTHS)])
OF_SERIES = Expectations(
    np.array([(UNKNOWN, UNKNOWN, 0)], SERIES)[0],
    [
        [Field("due", lambda _rows, _known: 0, blank_at=0)],
        [Field("paid", lambda rows, _known: rows["due"], blank_at=1)],
        [Field("heads", lambda _rows, known: known["heads"], newest_first=True)],
    ],
)
NAMES = ("firm", *LEDGERS)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_an_expectation(name: str) -> None:
    expectations = (FIRM, *ENTRIES)[NAMES.index(name)]
    elsewhere = {"siren", "offset", "swept", "codes", *SUMS_OF_ACCOUNTS} if name == "firm" else set()
    fields = expectations.blank.dtype.names
    assert sorted(expectations.names) == sorted(set(fields or ()) - elsewhere)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 12), st.floats(0, 1), st.booleans(), st.integers(0, 10**6))
def test_rows_of_any_bits_come_back(name: str, size: int, share: float, alike: bool, seed: int) -> None:
    """Some bytes of blank rows are anything, in firms of one month or of many."""
    rng, expectations = np.random.default_rng(seed), (FIRM, *ENTRIES)[NAMES.index(name)]
    heads = np.frombuffer(rng.bytes(size * HEAD.itemsize), HEAD).copy()
    if alike:
        heads["swept"] = 24_217
    rows = np.array([expectations.blank] * size, expectations.blank.dtype)
    raw = rows.view(np.uint8).reshape(size, rows.itemsize) if size else np.zeros((0, 1), np.uint8)
    noise = rng.random(raw.shape) < share
    raw[noise] = rng.integers(0, 256, noise.sum())
    none = [np.zeros(0, entries.blank.dtype) for entries in ENTRIES], [np.zeros(size, np.int64)] * len(ENTRIES)
    known = known_of_firms(heads)
    known |= sums_of_entries(*none, known["own_site"])
    numbers = expectations.numbers(expectations.integers(rows), known)
    again = expectations.rows(numbers, known, np.zeros(size, rows.dtype))
    for field in expectations.names:
        assert again[field].tobytes() == rows[field].tobytes(), field


def test_what_is_as_expected_is_nothing() -> None:
    """Months that nobody told of, paid as it was due, and heads that stay, wherever the ring begins."""
    rows, month = np.array([OF_SERIES.blank] * 2, SERIES), np.array([24_217, 24_222])
    rows["due"][0, 3:] = rows["paid"][0, 3:] = 1_000
    rows["heads"] = 400
    numbers = OF_SERIES.numbers(OF_SERIES.integers(rows), {"month": month, "heads": np.array([400, 500])})
    due, paid, heads, behind = np.split(numbers, [MONTHS, 2 * MONTHS, 3 * MONTHS], axis=1)
    assert (due != 0).sum(axis=1).tolist() == [MONTHS - 3, 0]
    assert not paid.any()
    assert not behind.any()
    assert heads.tolist() == [[0] * MONTHS, [199, *[0] * (MONTHS - 1)]]


def test_what_is_not_yet_paid_is_next_to_nothing() -> None:
    rows = np.array([OF_SERIES.blank], SERIES)
    rows["due"] = 5_000
    numbers = OF_SERIES.numbers(OF_SERIES.integers(rows), {"month": np.array([24_217]), "heads": np.array([0])})
    assert set(numbers[0, MONTHS : 2 * MONTHS].tolist()) == {1}
