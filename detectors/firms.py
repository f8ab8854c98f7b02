"""All firms of a partition: those at hand in columns, the others as records, spread out when somebody asks for them.

Most firms have no event for weeks. Where an archive is kept, a firm that is not at hand takes its record alone, and is
put back into the panel by the first event that it has. What is written of a firm is archived at once, so that all
firms at hand may be let go of at any moment at which everything is written.
"""

from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np

from detectors.archive import Archive, Sirens
from detectors.arrays import distinct
from detectors.firm_record import FORMAT, firm_records, heads_of, put_back
from detectors.panel import Panel, Rows

RECORDS_TOGETHER = 2_000
"""Records made at once: bounds the memory of writing all firms."""


class Firms:
    """`panel` has the firms at hand; it is another one once they were let go of."""

    def __init__(self, archive: Archive | None = None) -> None:
        """Without an archive all firms stay at hand."""
        self.panel = Panel()
        self.archive = archive
        self._unwritten = 0
        """Firms that the archive does not know."""

    def __len__(self) -> int:
        return self._unwritten + (len(self.archive) if self.archive is not None else 0)

    def sirens(self) -> Sirens:
        """Of all firms, ascending."""
        at_hand = self.panel.firms["siren"][: len(self.panel)]
        return np.sort(at_hand) if self.archive is None else np.union1d(self.archive.sirens, at_hand)

    def rows_of(self, sirens: Sirens) -> Rows:
        """The rows of firms in the panel, put back or made where they are not at hand. Shape of `sirens`."""
        rows = self.panel.rows_of(sirens, make=False)
        away = (rows < 0).nonzero()[0]
        if not len(away):
            return rows
        sirens = sirens[away]
        if self.archive is not None:
            put_back(self.panel, self._records_of(distinct(sirens)))
        before = len(self.panel)
        rows[away] = self.panel.rows_of(sirens)
        self._unwritten += len(self.panel) - before
        return rows

    def aside(self, sirens: Sirens) -> Panel:
        """A panel of archived firms, each given once, that are not at hand and stay so."""
        panel = Panel()
        put_back(panel, self._records_of(sirens))
        return panel

    def records(self, panel: Panel, rows: Rows) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of firms, each given once, of this panel or one aside; archived as they are made."""
        for start in range(0, len(rows), RECORDS_TOGETHER):
            some = rows[start : start + RECORDS_TOGETHER]
            records = list(firm_records(panel, some))
            if self.archive is not None:
                before = len(self.archive)
                self.archive.keep(panel.firms["siren"][some], [value for _, value in records])
                self._unwritten -= len(self.archive) - before
            yield from records

    def take_back(self, sirens: Sirens, values: Sequence[bytes]) -> None:
        """Archive recovered records, the oldest first, of any format that is read.

        Of two of a firm the one that has seen more events and month ends counts, of equal ones the last; the same goes
        for a firm at hand: the partition may have been another worker's for a while.
        """
        if not len(sirens):
            return
        old = np.array([value[0] != FORMAT for value in values])
        if old.any():
            # Written anew: so whatever is archived says in its first bytes how new it is.
            panel = Panel()
            put_back(panel, list(compress(values, old)))
            rows = np.arange(len(panel))
            sirens = np.concatenate([panel.firms["siren"][rows], sirens[~old]])
            values = [*(value for _, value in firm_records(panel, rows)), *compress(values, ~old)]
        at_hand = self.panel.rows_of(sirens, make=False) >= 0
        if at_hand.any():
            put_back(self.panel, list(compress(values, at_hand)))
        self._archive_newest(sirens, values)

    def _archive_newest(self, sirens: Sirens, values: Sequence[bytes]) -> None:
        assert self.archive is not None, "they are to be archived"
        known = self.archive.find(sirens)
        before = self.archive.at(known[known >= 0].tolist())
        # What is there stands before all that comes.
        heads = heads_of([*before, *values])
        all_sirens = np.concatenate([sirens[known >= 0], sirens])
        order = np.lexsort((np.arange(len(heads)), heads["swept"], heads["offset"], all_sirens))
        ordered = all_sirens[order]
        newest = order[np.append(ordered[1:] != ordered[:-1], True)] - len(before)
        newest = newest[newest >= 0]
        new = sirens[newest][known[newest] < 0]
        self._unwritten -= int((self.panel.rows_of(new, make=False) >= 0).sum())
        self.archive.keep(sirens[newest], [values[i] for i in newest.tolist()])

    def let_go(self, most: int) -> None:
        """Keep none at hand if there are more than `most`. Everything that changed must have been made a record of."""
        if self.archive is not None and len(self.panel) > most:
            self.panel = Panel()

    def _records_of(self, sirens: Sirens) -> list[bytes]:
        assert self.archive is not None, "only an archive has firms that are not at hand"
        places = self.archive.find(sirens)
        return self.archive.at(places[places >= 0].tolist())
