"""A rolling restart of two versions: this one, and the one before the state's format 3, as it was.

The older one is packed: the files that its worker imports (a26e3c4c, Python files and a script of Redis alone). It runs
on today's packages. When it no longer does, pack the last release instead, by `git archive`.
"""

import re
import tarfile
from pathlib import Path

import pytest

from detectors import cohort_record, pack
from tests.acceptance.harness import Site, WorkerProcess, until
from tests.acceptance.test_restart import (
    ALERTS,
    BRISK,
    DISPATCHER,
    EVENTS,
    SCORER,
    check_state,
    finish,
    frozen,
)
from tests.acceptance.world import World

PACKED = Path(__file__).parent / "vigie_state_format_2.tar.xz"
CHANGELOG = "vigie-firms-changelog"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The older version's code."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path / "older", filter="data")
    return tmp_path / "older"


def formats(site: Site) -> set[int]:
    """The formats of firms' records in the changelog."""
    return {record.value[0] for record in site.records(CHANGELOG) if record.value and not record.key.startswith(b"~")}


def settled(site: Site, worker: WorkerProcess) -> None:
    until(lambda: site.behind(SCORER, EVENTS) + site.behind(DISPATCHER, ALERTS) == 0, "all commits\n" + worker.log)


def test_a_rolling_restart_of_two_versions(site: Site, world: World, older: Path) -> None:
    """Forward, and, where a newer worker dies too early, back: the older one says why it cannot go on."""
    parts = world.parts(4)
    old = site.launch(["--frozen"], BRISK, code=older).ready()
    site.send(parts[0])
    settled(site, old)
    assert formats(site) == {2}
    new = frozen(site).ready()
    site.send(parts[1])
    until(lambda: new.metric("vigie_events_total") > 0, "the newer worker to have partitions\n" + new.log)
    settled(site, old)
    assert formats(site) == {2, pack.FORMAT}
    new.kill()
    site.send(parts[2])
    assert old.wait() == 1
    last = old.log.splitlines()[-1]
    newer = "|".join(map(str, (pack.FORMAT, cohort_record.FORMAT)))
    assert re.search(f"has format ({newer}), this version of Vigie reads format 2: upgrade Vigie", last), last
    assert site.behind(SCORER, EVENTS) > 0
    site.send(parts[3])
    finish(site)
    found = site.ids()
    # The older one does not tell that a firm has entered a proceeding.
    assert sorted({*found, *world.frozen.entered}) == world.frozen.ids
    assert len(found) == len(set(found))
    check_state(site, world, apart=set(world.frozen.entered.values()))
