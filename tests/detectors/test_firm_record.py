"""A firm's record: its head is plain, and whatever stands in a firm's row comes back."""

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import firm_record
from detectors.events import FirmEvent
from detectors.firm_record import FORMAT, firm_records, put_back
from detectors.panel import FIRM, SUMS_OF_ACCOUNTS, Panel
from tests.detectors.applying import applied, apply, facts
from tests.detectors.making import firm, headcount
from tests.detectors.strategies import event_lists

DERIVED = ("siren", *SUMS_OF_ACCOUNTS)
"""What is not free: the firm, and what is worked out again."""


def back(records: dict[bytes, bytes | None]) -> Panel:
    panel = Panel()
    put_back(panel, [value for value in records.values() if value is not None])
    return panel


def scrambled(panel: Panel, seed: int, share: float) -> None:
    """Anything in some bytes of firms and entries, but for keys."""
    rng = np.random.default_rng(seed)
    for rows, fixed in ((panel.firms, DERIVED), *((ledger.entries, ("key",)) for ledger in panel.ledgers)):
        kept = {name: rows[name].copy() for name in fixed}
        raw = rows.view(np.uint8).reshape(len(rows), rows.itemsize)
        noise = rng.random(raw.shape) < share
        raw[noise] = rng.integers(0, 256, noise.sum())
        for name, values in kept.items():
            rows[name] = values
    # Else what a fresh panel holds of a firm is newer.
    panel.firms["offset"] &= 2**62


@settings(max_examples=25, deadline=None)
@given(event_lists, st.integers(0, 10**6), st.floats(0, 1))
def test_any_bits_come_back(events: list[FirmEvent], seed: int, share: float) -> None:
    panel = applied(events)
    scrambled(panel, seed, share)
    records = facts(panel)
    again = back(records)
    assert facts(again) == records
    rows = again.rows_of(panel.firms["siren"][: len(panel)], make=False)
    for name in FIRM.names or ():
        if name not in SUMS_OF_ACCOUNTS:
            assert again.firms[name][rows].tobytes() == panel.firms[name][: len(panel)].tobytes(), name


def test_the_head_is_plain() -> None:
    """Format, offset and month end are read without the rest; the SIREN as well."""
    panel = applied([headcount(), firm("000000001")])
    panel.firms["offset"][:2], panel.firms["swept"][:2] = (-1, 2**40 + 3), (-(10**6), 24_217)
    for row, value in enumerate(facts(panel).values()):
        assert value is not None
        assert struct.unpack_from("<BqiI", value) == (FORMAT, *panel.firms[["offset", "swept", "siren"]][row].tolist())


@settings(max_examples=10, deadline=None)
@given(event_lists, st.integers(0, 10**6))
def test_a_record_depends_on_its_firm_alone(events: list[FirmEvent], seed: int) -> None:
    panel = applied([*events, firm("000000001", name="Autre"), headcount("000000009")])
    alone = [next(firm_records(panel, np.array([row]))) for row in range(len(panel))]
    rows = np.random.default_rng(seed).permutation(len(panel))
    assert list(firm_records(panel, rows)) == [alone[row] for row in rows]


def test_more_firms_than_are_packed_together() -> None:
    panel = applied([headcount(f"{n:09d}", heads=n) for n in range(1, firm_record.TOGETHER + 3)])
    rows = np.arange(len(panel))[::-1]
    ends = [next(firm_records(panel, rows[[at]])) for at in (0, firm_record.TOGETHER - 1, firm_record.TOGETHER, -1)]
    records = list(firm_records(panel, rows))
    assert [records[at] for at in (0, firm_record.TOGETHER - 1, firm_record.TOGETHER, -1)] == ends
    assert len(dict(records)) == len(panel)


@settings(max_examples=10, deadline=None)
@given(event_lists, event_lists)
def test_newer_records_go_over_what_a_panel_holds(before: list[FirmEvent], after: list[FirmEvent]) -> None:
    """Firms that are there, in rows of any order, and firms that are not."""
    panel = applied(before)
    old = facts(panel)
    apply(panel, after)
    new = facts(panel)
    held = back(dict(reversed(old.items())))
    put_back(held, [value for value in new.values() if value is not None])
    assert facts(held).items() == new.items()
    put_back(held, [])
    assert facts(held).items() == new.items()


def test_the_formats_that_are_read_end_with_todays() -> None:
    assert firm_record.READ == (2, 3, FORMAT)
