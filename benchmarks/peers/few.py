"""The same work on a few events, a firm's row at a time: for these numpy's calls would cost more than the arithmetic.

A row is unpacked, changed as `columns` changes it, and packed again. Models score and learn as they do there.
"""

from math import log1p
from struct import Struct

import numpy as np

from benchmarks.peers import work
from benchmarks.peers.columns import Alert, Batch, Columns, Judge, Rows, code_of

_FIRM = Struct(f"<Iiiq{work.DEBTS}i{work.DEBTS}d{work.TOTALS}ddd")
"""`columns.FIRM`."""


class _Firm:
    """A firm's row while it is worked on."""

    __slots__ = ("amounts", "debts", "events", "offset", "opened", "score", "siren", "smoothed", "totals")

    def __init__(self, rows: memoryview, row: int) -> None:
        fields = _FIRM.unpack_from(rows, row * _FIRM.size)
        self.siren, self.events, self.opened, self.offset, *held, self.smoothed, self.score = fields
        self.debts, self.amounts = held[: work.DEBTS], held[work.DEBTS : 2 * work.DEBTS]
        self.totals = held[2 * work.DEBTS :]

    def put(self, rows: memoryview, row: int) -> None:
        """Pack it again."""
        _FIRM.pack_into(
            rows,
            row * _FIRM.size,
            self.siren,
            self.events,
            self.opened,
            self.offset,
            *self.debts,
            *self.amounts,
            *self.totals,
            self.smoothed,
            self.score,
        )

    def update(self, debt: int, amount: float) -> None:
        """A debt stands at this amount from now on."""
        if debt in self.debts:
            slot = self.debts.index(debt)
        else:
            slot = self.opened % work.DEBTS
            self.opened += 1
        self.debts[slot], self.amounts[slot] = debt, amount
        total = sum(self.amounts)
        self.totals = [*self.totals[1:], total]
        self.smoothed = work.SMOOTHING * total + (1 - work.SMOOTHING) * self.smoothed if self.events else total
        self.events += 1

    def features(self, amount: float, employee: float) -> list[float]:
        """What the model sees, in the order of `columns`."""
        total, smoothed = self.totals[-1], self.smoothed
        return [
            log1p(total),
            log1p(sum(self.totals) / min(self.events, work.TOTALS)),
            log1p(smoothed),
            self.events,
            log1p(amount),
            total / (smoothed + 1.0),
            employee / (amount + 1.0),
            min(self.opened, work.DEBTS),
        ]


def step(columns: Columns, judge: Judge, threshold: float, batch: Batch) -> tuple[Rows, list[Alert]]:
    """As `columns.step`."""
    places = columns.places(batch.keys)
    rows = columns.raw
    firms: dict[int, _Firm] = {}
    x, answers, alerts = [], [], []
    for row, offset, event in zip(places, batch.offsets, work.decoded(batch.values), strict=True):
        firm = firms.get(row) or _Firm(rows, row)
        if offset <= firm.offset:
            continue
        firms[row] = firm
        amount = event.employer_share + event.employee_share
        firm.offset = offset
        firm.update(code_of(f"{event.period_start}:{event.sequence}"), amount)
        features = firm.features(amount, event.employee_share)
        score = judge.score(features)
        if firm.score < threshold <= score:
            alerts.append(Alert(event.siren, event.version, score))
        firm.score = score
        x.append(features)
        answers.append(work.answer(firm.siren, amount))
    if x:
        judge.learn(x, answers)
    for row, firm in firms.items():
        firm.put(rows, row)
    return np.array([*firms], np.intp), alerts
