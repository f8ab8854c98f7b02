"""What is expected of a firm is what its entries come to."""

import numpy as np
from hypothesis import given, settings

from detectors.events import FirmEvent
from detectors.firm_fields import LEDGERS, about_day, known_of_firms, sums_of_entries
from detectors.months import first_day, last_day
from tests.detectors.applying import applied
from tests.detectors.strategies import event_lists


def test_a_day_of_a_month_is_about_it() -> None:
    months = np.arange(2000 * 12, 2050 * 12)
    firsts = np.array([first_day(month).toordinal() for month in months.tolist()])
    lasts = np.array([last_day(month).toordinal() for month in months.tolist()])
    days = about_day(months)
    assert ((days >= firsts - 3) & (days <= lasts + 3)).all()


@settings(max_examples=40, deadline=None)
@given(event_lists)
def test_sums_of_entries_are_those_of_the_panel(events: list[FirmEvent]) -> None:
    panel = applied(events)
    firms = panel.firms[: len(panel)]
    entries, held = [], []
    for ledger in panel.ledgers:
        order = np.argsort(ledger.firms[: len(ledger)], kind="stable")
        entries.append(ledger.entries[: len(ledger)][order])
        held.append(np.bincount(ledger.firms[: len(ledger)], minlength=len(firms)))
    for name, found in sums_of_entries(entries, held, known_of_firms(firms)["own_site"]).items():
        assert found.tolist() == firms[name].tolist(), name
    assert len(entries) == len(LEDGERS)
