"""What an alert tells, as numbers: of the firms that were judged, those of which something is to be said."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.decisions import KINDS, MODEL_THEME, Alerts, Changes, Kind, Look
from detectors.events import AnyEvent
from detectors.evidence import Quantity, quantities
from detectors.features import THEMES
from detectors.logits import sigmoid
from detectors.panel import Positions
from detectors.past import Past, pasts
from detectors.reach import SOURCES
from detectors.view import View


@dataclass(frozen=True)
class Decision:
    """One alert to be, as numbers; sentences and identifiers are the business of others."""

    siren: str
    name: str | None
    department: str | None
    activity: str | None
    kind: Kind
    tier: int
    previous_tier: int
    logit: float
    probability: float
    """Of `logit`."""
    previous_logit: float
    previous_probability: float
    themes: list[tuple[str, float]]
    evidence: list[Quantity]
    past: Past
    cause: AnyEvent
    """The event behind it; at a month end, a clock event of the first day after."""
    day: int
    sources: list[tuple[str, int]]
    position: int
    """The event of the batch behind it; at a month end, the one that ended the month."""


class Draft(NamedTuple):
    """A decision for which only the event behind it has not been looked up."""

    position: int
    finish: "partial[Decision]"


def drafts(
    seen: Look,
    alerts: Alerts,
    moved: Changes,
    view: View,
    names: list[str | None],
    positions: Positions,
    known_to: NDArray[np.int32],
) -> list[Draft]:
    """What is to be told, but for its cause; `view` and `names` are the alerts' firms', `known_to` (n, sources)."""
    if not len(alerts):
        return []
    firms, evidence, past, themes = view.firms, quantities(view), pasts(view), (*THEMES, MODEL_THEME)
    # Whole columns become Python's numbers at once: one by one that takes longer than all the rest.
    sirens, departments, activities = (firms[field].tolist() for field in ("siren", "department", "activity"))
    kinds, tiers, before = (x.tolist() for x in (alerts.kinds, alerts.tiers, alerts.previous_tiers))
    scores, previous = _pairs(seen.logits[alerts.at]), _pairs(moved.previous_logits)
    parts, day, reach, places = (x.tolist() for x in (moved.parts, view.days, known_to, positions))
    return [
        Draft(
            places[i],
            partial(
                Decision,
                siren=f"{sirens[i]:09d}",
                name=names[i],
                department=departments[i].decode() or None,
                activity=activities[i].decode() or None,
                kind=KINDS[kinds[i]],
                tier=tiers[i],
                previous_tier=before[i],
                logit=scores[i][0],
                probability=scores[i][1],
                previous_logit=previous[i][0],
                previous_probability=previous[i][1],
                themes=list(zip(themes, parts[i], strict=True)),
                evidence=evidence[i],
                past=past[i],
                day=day[i],
                sources=[(s, d) for s, d in zip(SOURCES, reach[i], strict=True) if d],
                position=places[i],
            ),
        )
        for i in range(len(alerts))
    ]


def _pairs(logits: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Each score as log-odds and as a probability."""
    return list(zip(logits.tolist(), sigmoid(logits).tolist(), strict=True))
