"""Faults of every kind, one after the other, over a system under load: nothing lost, nothing doubled."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec
import pytest

from detectors import models
from detectors.capping import CapOptions
from detectors.labels import HORIZON
from detectors.models import prior
from detectors.regime import RegimeOptions
from streams.learner_wire import Begin, Terms
from streams.lessons import Lessons
from tests.acceptance.test_restart import check_as_if_undisturbed
from tests.acceptance.world import World
from tests.faults.schedule import KINDS, LONG, QUICK, SEED, STORMS, Fault, schedule
from tests.faults.stage import Ground, Grounds, Stage
from tests.faults.watch import ALERTS, CHANGELOG, EVENTS, EXAMPLES, check_commits

# The watch's own client, kafka-python, leaves sockets open where a broker is away.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("seed", range(SEED, SEED + STORMS) if LONG else [SEED])
def test_a_storm(
    ground: Grounds, world: World, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    faults = schedule(seed, len(KINDS)) if LONG else schedule(seed, len(QUICK), QUICK)
    for line in outlasted(ground, world, tmp_path, faults, seed):
        record_property("figures", line)


def outlasted(ground: Ground, world: World, folder: Path, faults: list[Fault], seed: int) -> list[str]:
    """Everything is as if these faults had not been; what to say of them."""
    with Stage(ground, folder) as stage:
        weather(stage, world, faults)
        judge(stage, world)
        return list(figures(stage, seed))


def weather(stage: Stage, world: World, faults: list[Fault]) -> None:
    """Each fault over events of its own; one that finds nothing to strike gets the next ones."""
    parts = world.parts(2 * len(faults) + 1)
    rest = iter(parts)
    for fault in faults:
        while not stage.strike(fault, next(rest, ())):
            assert stage.missed <= len(faults), f"nothing to strike for {fault}\n{stage.logs()}"
    for part in rest:
        stage.site.send(part)
    stage.finish()


def judge(stage: Stage, world: World) -> None:
    site = stage.site
    check_as_if_undisturbed(site, world)
    alerts = site.records(ALERTS)
    check_commits(stage.watch.looks, site.records(EVENTS), alerts, site.records(CHANGELOG))
    if LONG:
        # It takes as long as all the learning before.
        check_models(stage)


def check_models(stage: Stage) -> None:
    """The models are those of learning the same examples in one go, in order, each once."""
    terms = Terms(stage.site.partitions, HORIZON, RegimeOptions(), CapOptions())
    lessons, expected = Lessons(Begin(terms, models.encode(prior()))), [prior().version]
    standing = lessons.standing()
    for record in stage.site.records(EXAMPLES):
        standing = lessons.take(record.offset, record.value)
        while standing.due is not None:
            learned = lessons.learn(standing.due)
            expected.append(learned.version)
            standing = learned.standing
    assert len(expected) > 5
    assert [models.decode(record.value).version for record in stage.site.records("vigie.models")] == expected


def figures(stage: Stage, seed: int) -> Iterator[str]:
    """What the run was, in lines for people."""
    site, strikes = stage.site, stage.strikes
    seconds = [strike.recovered_seconds for strike in strikes]
    alerts = site.records(ALERTS)
    again = len(alerts) - len({msgspec.json.decode(record.value)["id"] for record in alerts})
    ended = sum(len(strike.ended) for strike in strikes)
    yield (
        f"storm {seed}: {len(strikes)} faults struck work ({stage.missed} put off), {sum(site.ends(EVENTS).values())} "
        f"events, {len(site.ids())} alerts ({again} written twice to Kafka), back after {median(seconds):.1f} s in the "
        f"median, {max(seconds):.1f} s at most, {ended} workers ended by themselves, {len(stage.watch.looks)} looks"
    )
    for strike in strikes:
        fault, left = strike.fault, ", ".join(f"{group} {count}" for group, count in strike.remained.items())
        yield f"  {fault.kind}, {fault.seconds:.1f} s: left to do {left}; back after {strike.recovered_seconds:.1f} s"
