"""No leakage: nothing known after a month moves anything said by its end, with learning on.

The events are a small world's, through the partners' files, so that every kind is there as partners write it.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import cycle

import msgspec
import pytest

from alerts.alert import Alert
from detectors import models
from detectors.chain import ChainOptions
from detectors.events import AnyEvent, Clock, Firm, FirmEvent, PartialUnemploymentRequest, PaymentSchedule
from detectors.learning import LearningOptions
from detectors.months import last_day, month_of
from detectors.outcome import Scores
from streams.ingest import events as ingested
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate
from tests.detectors.running import EAGER

OPTIONS = ReplayOptions(
    # Answers after half a year, and a prior that soon gives way: models follow each other and matter.
    chain=ChainOptions(decisions=EAGER.decisions, horizon=6),
    learning=LearningOptions(prior_failures=3.0, forest_trees=12, boosting_trees=18, reservoir_rows=200),
)
AHEAD = 8
"""Months of what comes later that are tried: past the horizon, where answers come from."""
RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Said:
    """All that a replay says, with the model behind each month's scores."""

    scores: dict[int, tuple[str, bytes, bytes, bytes]] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    models: dict[date, bytes] = field(default_factory=dict)
    replay: Replay | None = None

    def scores_of(self, scores: Scores, model_version: str) -> None:
        parts = scores.sirens.tobytes(), scores.probabilities.tobytes(), scores.tiers.tobytes()
        self.scores[scores.month] = (model_version, *parts)
        assert self.replay is not None
        model = self.replay.model
        if model.as_of is not None:
            self.models[model.as_of] = models.encode(model)

    def until(self, month: int) -> tuple[object, ...]:
        """What was said by the end of a month, and what it was said with."""
        end = last_day(month)
        return (
            {m: s for m, s in self.scores.items() if m <= month},
            [alert for alert in self.alerts if alert.as_of <= end],
            {day: model for day, model in self.models.items() if day <= end},
        )


class Sink:
    def __init__(self, said: Said) -> None:
        self._said = said

    def scores(self, scores: Scores, model_version: str) -> None:
        self._said.scores_of(scores, model_version)

    def alert(self, alert: Alert) -> None:
        self._said.alerts.append(alert)


def said_of(events: Sequence[AnyEvent]) -> Said:
    said = Said()
    said.replay = Replay(OPTIONS, Sink(said), RAISED_AT)
    said.replay.run_events(events)
    return said


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[AnyEvent]:
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, World(firms=120, months=30, clean=True, failures=0.2, moratorium="none"), 5)
    return list(ingested([folder], Report(), today=date(2026, 1, 1)))


@pytest.fixture(scope="module")
def baseline(events: list[AnyEvent]) -> Said:
    return said_of(events)


def known_after(event: AnyEvent, month: int) -> bool:
    return event.known_at is not None and month_of(event.known_at) > month


def other_amounts(later: list[AnyEvent], rng: random.Random) -> Iterator[AnyEvent]:
    """Every number multiplied, every truth turned."""
    for event in later:
        changes: dict[str, object] = {}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if isinstance(value, bool):
                changes[name] = not value
            elif isinstance(value, (int, float)) and name != "reason":
                changes[name] = min(type(value)(value * rng.choice([0, 3, 10]) + rng.randint(0, 5)), 10**9)
        yield msgspec.structs.replace(event, **changes)


def other_firms(later: list[AnyEvent], rng: random.Random) -> Iterator[AnyEvent]:
    """Each firm's events happen to another one."""
    sirens = sorted({event.siren for event in later if not isinstance(event, Clock)})
    swapped = dict(zip(sirens, rng.sample(sirens, len(sirens)), strict=True))
    for event in later:
        yield event if isinstance(event, Clock) else _moved(event, swapped[event.siren])


def other_times(later: list[AnyEvent], rng: random.Random) -> Iterator[AnyEvent]:
    """The same things in another order, some lost, some twice."""
    yield from rng.choices(later, k=len(later))


def nothing_but_time(later: list[AnyEvent], rng: random.Random) -> Iterator[AnyEvent]:
    """Nobody is heard of again."""
    yield Clock(known_at=max(event.known_at for event in later if event.known_at is not None))


def _moved(event: FirmEvent, siren: str) -> FirmEvent:
    return msgspec.structs.replace(event, siren=siren, siret=None if event.siret is None else siren + event.siret[9:])


SCRAMBLES: tuple[Callable[[list[AnyEvent], random.Random], Iterator[AnyEvent]], ...] = (
    other_amounts, other_firms, other_times, nothing_but_time
)  # fmt: skip


def test_the_world_is_worth_the_test(events: list[AnyEvent], baseline: Said) -> None:
    assert len({type(event) for event in events}) == 10
    assert Counter(alert.kind for alert in baseline.alerts).keys() == {"raised", "jump", "lowered"}
    assert len(baseline.models) > 15
    last = models.decode(max(baseline.models.items())[1])
    # Every member has learned, and has most of the say.
    assert last.relative is not None
    assert last.plain is not None
    assert len(last.forest.open()) == len(last.boosting.open()) - 6 == 12
    assert last.weights[0] < 0.5


@pytest.mark.parametrize(("scramble", "months"), [*zip(SCRAMBLES, cycle([12, 21]), strict=False)])
def test_nothing_known_later_moves_what_was_said(
    events: list[AnyEvent],
    baseline: Said,
    scramble: Callable[[list[AnyEvent], random.Random], Iterator[AnyEvent]],
    months: int,
) -> None:
    cut = min(baseline.scores) + months
    earlier = [event for event in events if not known_after(event, cut)]
    later = [event for event in events if known_after(event, cut) and not known_after(event, cut + AHEAD)]
    scrambled = said_of([*earlier, *scramble(later, random.Random(months))])
    scores, alerts, learned = scrambled.until(cut)
    assert (scores, alerts, learned) == baseline.until(cut)
    assert len(scores) == months + 1  # type: ignore[arg-type]  # a dictionary
    assert alerts
    assert learned
    # The scrambling itself must tell, or this would hold of anything.
    last = max(scrambled.scores)
    assert cut < last <= cut + AHEAD
    assert scrambled.until(last) != baseline.until(last)


def of_the_future(event: AnyEvent, rng: random.Random) -> AnyEvent:
    """The same event with other states at extraction."""
    if isinstance(event, PartialUnemploymentRequest):
        return msgspec.structs.replace(
            event, hours_used=rng.random() * 1e5, headcount_used=rng.randint(0, 999), amount_used=rng.random() * 1e6
        )
    if isinstance(event, PaymentSchedule):
        return msgspec.structs.replace(event, stage=rng.choice(["APPROB", "REFUS", "CLOS", None]))
    if isinstance(event, Firm):
        return msgspec.structs.replace(event, active=rng.choice([True, False, None]))
    return event


def test_states_at_extraction_change_nothing_at_all(events: list[AnyEvent], baseline: Said) -> None:
    rng = random.Random(8)
    changed = [of_the_future(event, rng) for event in events]
    touched = {type(a) for a, b in zip(events, changed, strict=True) if a != b}
    assert touched == {PartialUnemploymentRequest, PaymentSchedule, Firm}
    said, last = said_of(changed), max(baseline.scores)
    assert said.until(last) == baseline.until(last)
    assert said.alerts == baseline.alerts
