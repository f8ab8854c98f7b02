"""Wall clocks of servers and workers that step by hours, by a year and to 1970. Collected in `make soak` alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaOptions
from tests.acceptance.harness import until
from tests.acceptance.test_restart import EVENTS, SCORER, check_as_if_undisturbed, finish, frozen
from tests.acceptance.world import World
from tests.faults.clocks import Clocked, clocked
from tests.faults.schedule import CLOCK_KINDS, SEED, STORMS, schedule
from tests.faults.stepped import step
from tests.faults.test_storm import outlasted

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def ticking(kafka_options: KafkaOptions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    with clocked(kafka_options, tmp_path_factory.mktemp("clocks")) as ticking:
        yield ticking


@pytest.mark.parametrize("seed", range(SEED, SEED + STORMS))
def test_clocks_step(
    ticking: Clocked, world: World, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    faults = schedule(seed, len(CLOCK_KINDS), CLOCK_KINDS)
    for line in outlasted(ticking, world, tmp_path, faults, seed):
        record_property("figures", line)


def test_a_machine_that_starts_in_1970(ticking: Clocked, world: World, tmp_path: Path) -> None:
    """It has what its partitions were told before to know better by, and refuses nothing."""
    first, rest = world.parts(2)
    clock = tmp_path / "worker.clock"
    step(clock, 0)
    with ticking.site(tmp_path) as site:
        site.send(first)
        finish(site)
        site.send(rest)
        step(clock, -1_700_000_000)
        worker = site.launch(("--frozen",), {"stepped_clock": str(clock)}, program="tests.faults.stepped")
        assert worker.wait() == 1
        assert "it would refuse the next ones as from the future" in worker.log
        assert site.behind(SCORER, EVENTS) > 0
        step(clock, 0)
        worker = frozen(site)
        until(lambda: site.behind(SCORER, EVENTS) == 0, "all to be scored\n" + worker.log)
        worker.stop()
        finish(site)
        check_as_if_undisturbed(site, world)
