"""The work on one event, in plain Python: what the textbook programs call, and the reference for all states."""

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from benchmarks.peers.events import Sent

DEBTS = 12
"""Debts of a firm that are remembered: the oldest makes room."""
TOTALS = 3
SMOOTHING = 0.3
LEARN_EVERY = 10
LARGE_EUROS = 2_000
ALERT = ("siren", "version", "score")
"""The fields of an alert: `version` is the number of the event behind it."""

State = dict[str, Any]


def new_state() -> State:
    """A firm of which nothing is known."""
    return {"debts": {}, "totals": [], "smoothed": 0.0, "events": 0, "score": 0.0}


def update(state: State, debt: str, amount: float) -> None:
    """A debt stands at this amount from now on."""
    debts = state["debts"]
    if debt not in debts and len(debts) == DEBTS:
        del debts[next(iter(debts))]
    debts[debt] = amount
    total = sum(debts.values())
    state["totals"] = [*state["totals"], total][-TOTALS:]
    state["smoothed"] = SMOOTHING * total + (1 - SMOOTHING) * state["smoothed"] if state["events"] else total
    state["events"] += 1


def features(state: State, amount: float, employee: float) -> dict[str, float]:
    """What the model sees of a firm after an event."""
    totals, smoothed = state["totals"], state["smoothed"]
    return {
        "total": math.log1p(totals[-1]),
        "mean": math.log1p(sum(totals) / len(totals)),
        "smoothed": math.log1p(smoothed),
        "events": state["events"],
        "amount": math.log1p(amount),
        "rise": totals[-1] / (smoothed + 1.0),
        "employee": employee / (amount + 1.0),
        "debts": len(state["debts"]),
    }


def answer(siren: int, amount: float) -> bool:
    """What the model learns of an event: invented, neither trivial nor noise."""
    return (amount > LARGE_EUROS) != (siren % 11 == 0)


def river_model() -> Any:
    """River's own first example."""
    from river import linear_model, preprocessing

    return preprocessing.StandardScaler() | linear_model.LogisticRegression()


class Judge:
    """Scores every event with River, and learns one in ten."""

    def __init__(self, threshold: float) -> None:
        self._model = river_model()
        self._threshold = threshold
        self._events = 0

    def crosses(self, state: State, siren: str, amount: float, employee: float) -> bool:
        """Whether the firm's score, kept in its state, crosses the threshold upwards with this event."""
        x = features(state, amount, employee)
        score = self._model.predict_proba_one(x).get(True, 0.5)
        self._events += 1
        if self._events % LEARN_EVERY == 0:
            self._model.learn_one(x, answer(int(siren), amount))
        crossed = state["score"] < self._threshold <= score
        state["score"] = score
        return bool(crossed)


class Delay(msgspec.Struct):
    """What the work reads of an event."""

    siren: str
    version: int
    period_start: str
    sequence: str
    employee_share: float
    employer_share: float


def reference(events: Sent) -> dict[str, State]:
    """The state of every firm after these events, one after the other; scores are left out."""
    states: dict[str, State] = {}
    for event in decoded(events.values):
        state = states.setdefault(event.siren, new_state())
        update(state, f"{event.period_start}:{event.sequence}", event.employer_share + event.employee_share)
    return states


def decoded(values: Iterable[bytes]) -> list[Delay]:
    """Events of JSON, all at once: many times faster than one by one."""
    return _decode(b"[" + b",".join(values) + b"]")


_decode = msgspec.json.Decoder(list[Delay]).decode
