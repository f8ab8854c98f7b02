"""Insolvency proceedings as the courts' rows: the opening, then a conversion, a plan or an end."""

import numpy as np

from streams.simulate.arrays import Bools, Ints, Rows
from streams.simulate.lives import LIQUIDATION, REDRESSEMENT, SAUVEGARDE, Lives
from streams.simulate.world import Calendar

LABELS = (
    "Liquidation_ouverture",
    "Redressement_ouverture",
    "Sauvegarde_ouverture",
    "Jugement_ouverture_liquidation_judiciaire",
    "Jugement_ouverture_redressement_judiciaire",
    "Liquidation_conversion",
    "Redressement_plan_continuation",
    "Sauvegarde_plan_continuation",
    "Liquidation_cloture_insuffisance_actif",
    "Solde_procedure_redressement",
    "Redressement_fin_procedure",
)
"""The wordings of Lib_actx_stdx."""

_JUDGEMENTS = {LIQUIDATION: 3, REDRESSEMENT: 4}
_CONVERSION, _PLANS, _CLOSING, _SETTLED, _ENDED = 5, {REDRESSEMENT: 6, SAUVEGARDE: 7}, 8, 9, 10

PROCEEDING = np.dtype([("firm", "i8"), ("effect", "i8"), ("label", "i8")])
"""`effect` is a day (ordinal), `label` a place in LABELS."""


def proceedings(rng: np.random.Generator, lives: Lives, calendar: Calendar) -> Rows:
    """Every row that the span holds, by firm and then by date."""
    draw, days = rng.random((4, len(lives.opening))), rng.integers(0, 28, (4, len(lives.opening)))
    action, wording = lives.action, lives.action.copy()
    for kind, label in _JUDGEMENTS.items():
        wording[(action == kind) & (draw[0] < 0.3)] = label
    plan = np.where(action == SAUVEGARDE, _PLANS[SAUVEGARDE], _PLANS[REDRESSEMENT])
    end = np.where(draw[1] < 0.5, _SETTLED, _ENDED)
    afterwards = lives.plan + 6 + (draw[2] * 18).astype(np.int64)
    closed = lives.liquidated + 9 + (draw[3] * 18).astype(np.int64)
    closing = np.full(len(action), _CLOSING)
    conversion = np.full(len(action), _CONVERSION)
    rows = [
        _rows(calendar, lives.opening, days[0], wording, np.ones(len(action), dtype=np.bool_)),
        _rows(calendar, lives.conversion, days[1], conversion, np.ones(len(action), dtype=np.bool_)),
        _rows(calendar, lives.plan, days[1], plan, np.ones(len(action), dtype=np.bool_)),
        _rows(calendar, afterwards, days[2], end, (draw[2] < 0.15) & (action == REDRESSEMENT)),
        _rows(calendar, closed, days[3], closing, draw[3] < 0.6),
    ]
    joined = np.concatenate(rows)
    ordered: Rows = joined[np.lexsort((joined["effect"], joined["firm"]))]
    return ordered


def _rows(calendar: Calendar, month: Ints, day: Ints, label: Ints, wanted: Bools) -> Rows:
    firm = np.flatnonzero(wanted & (month < calendar.length))
    starts = np.array([calendar.day(t) for t in range(calendar.length)], dtype=np.int64)
    rows = np.zeros(len(firm), dtype=PROCEEDING)
    rows["firm"], rows["effect"], rows["label"] = firm, starts[month[firm]] + day[firm], label[firm]
    return rows
