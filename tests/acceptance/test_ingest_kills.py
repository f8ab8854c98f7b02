"""`vigie ingest` killed at any moment and run again: the same events, in the same order, as if nothing had been."""

import json
import os
import random
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import ROOT, Site, until
from tests.acceptance.world import Line, World
from tests.processes import started

KILLS = 5
RATE = 4_000
Logs = dict[int, list[tuple[str | None, str]]]
"""The key and the value of each record, partition by partition."""


def logs_of(records: Iterable[Any]) -> Logs:
    logs: Logs = {}
    for record in records:
        key = None if record.key is None else record.key.decode()
        logs.setdefault(record.partition, []).append((key, json.dumps(json.loads(record.value), sort_keys=True)))
    return logs


def undisturbed(site: Site, lines: Sequence[Line]) -> Logs:
    """What a plain client makes of the lines, on the same topic."""
    site.send(lines)
    return logs_of(site.records("vigie.events"))


class Ingest:
    """A `vigie ingest` process, its stderr in a file."""

    def __init__(self, site: Site, *arguments: str) -> None:
        self._log = site.folder / "ingest.log"
        environment = {**os.environ, "VIGIE_KAFKA": site.kafka, "VIGIE_DATA": str(site.folder / "data")}
        command = [sys.executable, "-m", "vigie", "ingest", *arguments]
        with self._log.open("wb") as stream:
            self.process = started(command, stderr=stream, env=environment, cwd=ROOT)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def sending(self) -> bool:
        """Whether all is read."""
        assert self.process.poll() is None, self.log
        return "total: " in self.log

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def killed_at_random(site: Site, arguments: Sequence[str], seed: int) -> None:
    """Start and kill, the first time at any moment, then while it sends."""
    chance = random.Random(seed)
    for attempt in range(KILLS):
        ingest = Ingest(site, *arguments, "--rate", str(RATE))
        if attempt:
            until(ingest.sending, "the sending to begin")
        time.sleep(chance.uniform(0, 1))
        assert ingest.process.poll() is None, "it was to be killed under way\n" + ingest.log
        ingest.kill()


@pytest.mark.parametrize("watched", [False, True])
def test_kills_leave_the_events_of_an_undisturbed_run(site: Site, world: World, watched: bool) -> None:
    drops = site.folder / "drops"
    shutil.copytree(world.files, drops)
    arguments = ["--watch", str(drops), "--once", "--poll-seconds", "0.1"] if watched else [str(drops)]
    files = sorted(path.name for path in drops.iterdir() if path.is_file())
    assert len(world.lines) > 2 * RATE, "the kills come while it sends"
    killed_at_random(site, arguments, seed=7)
    time.sleep(0.5)  # the broker may still have had a batch of the killed process in its socket
    before = site.ends("vigie.events")
    assert sum(before.values()) > 0
    last = Ingest(site, *arguments)
    assert last.process.wait(120) == 0, last.log
    logs = logs_of(site.records("vigie.events"))
    if watched:
        assert _is_moved(drops, files)
        again = Ingest(site, *arguments)
        assert again.process.wait(120) == 0, again.log
        assert logs_of(site.records("vigie.events")) == logs
    with Site(site.kafka, site.redis_url, site.folder, site.partitions) as other:
        wanted = undisturbed(other, world.lines)
    assert {partition: log[before[partition] :] for partition, log in logs.items()} == wanted
    assert {partition: set(log) for partition, log in logs.items()} == {p: set(log) for p, log in wanted.items()}


def _is_moved(drops: Path, files: list[str]) -> bool:
    gone = {path.name for path in (*(drops / "done").iterdir(), *(drops / "quarantine").iterdir())}
    return set(files) <= gone and not [path for path in drops.iterdir() if path.name in files]
