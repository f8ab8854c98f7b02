"""The ledger against a dictionary of lists."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.ledger import Ledger, entry_type

TYPE = entry_type(("amount", "<i8"))
BLANK = np.zeros(1, TYPE)[0]


def firm_of(key: int) -> int:
    return key * 7 % 10


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sets(st.integers(0, 400), max_size=60), max_size=8))
def test_the_ledger_is_a_dictionary_of_lists(columns: list[set[int]]) -> None:
    ledger, expected = Ledger(BLANK), dict[int, int]()
    for number, column in enumerate(columns):
        keys = np.array(sorted(column), np.uint64)
        slots, made = ledger.slots(keys, np.array([firm_of(int(k)) for k in keys], np.intp))
        assert made.tolist() == [int(key) not in expected for key in keys]
        ledger.entries["amount"][slots] = number
        expected |= {int(key): number for key in keys}
        slots, made = ledger.slots(keys, np.zeros(len(keys), np.intp))
        assert not made.any()
        assert len(ledger) == len(expected)
        assert_lists(ledger, expected)


def assert_lists(ledger: Ledger, expected: dict[int, int]) -> None:
    """Every firm's list has its entries, each once, whoever else is asked for; and so in the order of their keys."""
    by_firm: dict[int, dict[int, int]] = defaultdict(dict)
    for key, amount in expected.items():
        by_firm[firm_of(key)][key] = amount
    asked = np.array([9, 3, 1000, 0, 5, 1, 2, 4, 6, 7, 8], np.intp)
    owners, slots = ledger.of_firms(asked)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for owner, slot in zip(owners.tolist(), slots.tolist(), strict=True):
        assert ledger.firms[slot] == asked[owner]
        key = int(ledger.entries["key"][slot])
        assert key not in found[int(asked[owner])]
        found[int(asked[owner])][key] = int(ledger.entries["amount"][slot])
    assert found == by_firm
    entries, held = ledger.by_key(asked)
    assert held.tolist() == [len(by_firm[firm]) for firm in asked.tolist()]
    assert entries.tolist() == [entry for firm in asked.tolist() for entry in sorted(by_firm[firm].items())]


def test_a_fresh_entry_is_blank() -> None:
    blank = np.zeros(1, TYPE)
    blank["amount"] = -1
    ledger = Ledger(blank[0])
    slots, made = ledger.slots(np.arange(200, dtype=np.uint64), np.zeros(200, np.intp))
    assert made.all()
    assert ledger.entries["key"][slots].tolist() == list(range(200))
    assert (ledger.entries["amount"][slots] == -1).all()


def test_no_firms_have_no_entries() -> None:
    owners, slots = Ledger(BLANK).of_firms(np.zeros(0, np.intp))
    assert (len(owners), len(slots)) == (0, 0)


def test_keys_that_begin_alike_are_in_order() -> None:
    ledger, keys = Ledger(BLANK), np.array([7, 2**63 + 1, 3, 2**63, 5], np.uint64)
    ledger.slots(keys, np.array([1, 1, 0, 1, 1], np.intp))
    for _ in range(2):
        entries, held = ledger.by_key(np.array([1, 0], np.intp))
        assert entries["key"].tolist() == [5, 7, 2**63, 2**63 + 1, 3]
        assert held.tolist() == [4, 1]
