"""Programs measured from outside, on real servers: Vigie's own parts alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.peers import events, latency, recovery, throughput
from benchmarks.peers.contenders import HANDWRITTEN, RAW, REDUCED, WHOLE, launch, told
from benchmarks.peers.meter import Meter
from benchmarks.peers.running import Running, Stuck, until
from benchmarks.peers.site import PARTITIONS, Site, started
from benchmarks.peers.throughput import Topics
from deploy.embedded import KafkaOptions
from tests.acceptance.harness import PATIENCE_SECONDS

EVENTS, FIRMS = 40_000, 1_000


@pytest.fixture(scope="module")
def site(kafka_options: KafkaOptions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Servers of their own: the worker's topics are deleted and made anew."""
    with started(tmp_path_factory.mktemp("peers"), kafka_options) as servers:
        yield servers


@pytest.fixture(scope="module")
def topics(site: Site) -> Topics:
    filled = Topics(site, events.sent(EVENTS, FIRMS, PARTITIONS), EVENTS // 6)
    filled.fill()
    return filled


def test_every_program_of_ours_ends_with_the_reference_s_state(site: Site, topics: Topics) -> None:
    said = list[str]()
    runs = throughput.run(site, topics, [HANDWRITTEN, REDUCED, WHOLE], 1, said.append)
    firms = len(topics.reference("vigie.events"))
    equal = f"equal ({firms:,} firms)"
    assert {name: run.state for name, (run,) in runs.items()} == {
        "handwritten": equal, "reduced": equal, "whole": equal,
    }  # fmt: skip
    for run in [run for of in runs.values() for run in of]:
        assert 0 < run.events < EVENTS
        assert run.seconds > 0
        assert run.peak_mib > 10
    assert runs["whole"][0].alerts > 0
    assert len(said) == len(runs)


def test_reading_alone_reads_all(site: Site, topics: Topics) -> None:
    of = told(RAW, site, RAW.topic, 0.8)
    worker = launch(RAW, of)
    try:
        assert until([worker], len(topics.events[RAW.topic]), PATIENCE_SECONDS).done == EVENTS
    finally:
        worker.stop(gently=False)


def test_each_alert_is_dated_from_its_event(site: Site) -> None:
    # Firms that are new cross the threshold, and every rate is reached however busy the machine: alerts come for sure.
    pool = events.sent(EVENTS, EVENTS // 2, PARTITIONS)
    ceilings = {REDUCED.name: 1_000.0}
    points = latency.run(site, pool, [REDUCED], ceilings, 1.5, print, PATIENCE_SECONDS)[REDUCED.name]
    assert [point.rate for point in points][:1] == [100.0]
    for point in points:
        assert point.cores > 0
        assert (point.milliseconds > 0).all()
        assert (point.milliseconds < 1000 * PATIENCE_SECONDS).all()
    assert sum(len(point.milliseconds) for point in points) > 0


def test_recovery_ends_with_an_event(site: Site) -> None:
    pool = events.sent(EVENTS, FIRMS, PARTITIONS)
    (found,) = recovery.run(site, pool, [WHOLE], 3_000, lambda _: None).values()
    assert found.firms == 3_000
    assert found.seconds > 0
    assert found.record_bytes is not None
    assert found.record_bytes > 100


def test_a_program_that_ends_or_stands_still_is_told(tmp_path: Path) -> None:
    ended = Running(("-c", "raise SystemExit('no broker')"), {}, tmp_path / "log")
    with pytest.raises(Stuck, match="no broker"):
        until([ended], 1, PATIENCE_SECONDS)
    idle = Running(("-c", "import time; time.sleep(600)"), {}, tmp_path / "other")
    try:
        with pytest.raises(Stuck, match="0 events of 1"):
            until([idle], 1, 0.1)
    finally:
        idle.stop(gently=False)


def test_a_count_is_seen_by_others_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    seen, first = Meter(tmp_path / "meter"), Meter(tmp_path / "meter")
    first.count(3)
    first.count()
    assert seen.read() == 4
    Meter(tmp_path / "meter").count(2)
    assert seen.read() == 6
