"""Events into a panel, without a chain."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from detectors import pack
from detectors.batch import batch_of
from detectors.events import FirmEvent
from detectors.panel import Panel
from detectors.view import View
from tests.detectors.making import SIREN


def apply(panel: Panel, events: Sequence[FirmEvent]) -> None:
    """Apply a batch: every firm's first event, then every firm's second, and so on."""
    batch = batch_of(events)
    rows = panel.rows_of(batch.rows["siren"])
    turns: dict[int, list[int]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for position, event in enumerate(events):
        turns[seen[event.siren]].append(position)
        seen[event.siren] += 1
    for turn in sorted(turns):
        at = np.array(turns[turn], np.intp)
        panel.apply(batch, at, rows[at])


def applied(events: Sequence[FirmEvent], cuts: Sequence[int] = ()) -> Panel:
    """A fresh panel after these events, in batches cut at these positions."""
    panel = Panel()
    edges = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(edges):
        apply(panel, events[start:end])
    return panel


def facts(panel: Panel) -> dict[bytes, bytes | None]:
    """The state of all firms, as the changelog would keep it."""
    return dict(pack.firm_records(panel, np.arange(len(panel), dtype=np.int32)))


def view_of(panel: Panel, month: int, day: int = 0, siren: str = SIREN) -> View:
    """One firm of a panel, on a day of a month (by default before any)."""
    rows = panel.rows_of(np.array([int(siren)], np.uint32), make=False)
    assert rows[0] >= 0
    return View(panel, rows, month, np.array([day], np.int32))
