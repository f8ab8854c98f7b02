"""The same work on a few events, a firm's row at a time: for these numpy's calls would cost more than the arithmetic.

A row is unpacked, changed as `columns` changes it, and packed again. Models score and learn as they do there.
"""

import math
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import work
from benchmarks.peers.columns import Alert, Batch, Columns, Judge, Rows, code_of

_FIRM = Struct(f"<Iiiq{work.DEBTS}i{work.DEBTS}d{work.TOTALS}ddd")
"""`columns.FIRM`."""


class _Firm:
    """A firm's row while it is worked on."""

    __slots__ = ("amounts", "debts", "events", "offset", "opened", "score", "siren", "smoothed", "totals")

    def __init__(self, firms: NDArray[np.void], row: int) -> None:
        fields = _FIRM.unpack_from(firms.data, row * _FIRM.size)
        self.siren, self.events, self.opened, self.offset, *held, self.smoothed, self.score = fields
        self.debts, self.amounts = held[: work.DEBTS], held[work.DEBTS : 2 * work.DEBTS]
        self.totals = held[2 * work.DEBTS :]

    def put(self, firms: NDArray[np.void], row: int) -> None:
        """Pack it again."""
        _FIRM.pack_into(
            firms.data,
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
        total = self.totals[-1]
        return [
            math.log1p(total),
            math.log1p(sum(self.totals) / min(self.events, work.TOTALS)),
            math.log1p(self.smoothed),
            self.events,
            math.log1p(amount),
            total / (self.smoothed + 1.0),
            employee / (amount + 1.0),
            min(self.opened, work.DEBTS),
        ]


def step(columns: Columns, judge: Judge, threshold: float, batch: Batch) -> tuple[Rows, list[Alert]]:
    """As `columns.step`."""
    rows = columns.places(batch.keys)
    firms = {row: _Firm(columns.firms, row) for row in rows}
    fresh, x, answers = [], [], []
    for row, offset, event in zip(rows, batch.offsets, work.decoded(batch.values), strict=True):
        firm = firms[row]
        if offset > firm.offset:
            amount = event.employer_share + event.employee_share
            firm.offset = offset
            firm.update(code_of(f"{event.period_start}:{event.sequence}"), amount)
            x.append(firm.features(amount, event.employee_share))
            answers.append(work.answer(firm.siren, amount))
            fresh.append((row, event))
    if not fresh:
        return np.empty(0, np.intp), []
    alerts = []
    features = np.array(x)
    for (row, event), score in zip(fresh, judge.scores(features).tolist(), strict=True):
        if firms[row].score < threshold <= score:
            alerts.append(Alert(event.siren, event.version, score))
        firms[row].score = score
    judge.learn(features, np.array(answers))
    changed = {row for row, _ in fresh}
    for row in changed:
        firms[row].put(columns.firms, row)
    return np.array([*changed], np.intp), alerts
