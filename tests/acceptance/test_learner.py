"""The learner's process, in whole workers: however either ends, no model is lost and none comes twice."""

import os
import signal

import pytest

from detectors.learning import Learner
from detectors.models import prior
from streams.examples import blocks
from tests.acceptance.harness import Site, WorkerProcess, until
from tests.acceptance.processes import alive, children
from tests.streams.test_trainer import FIRST, HORIZON, part, portfolio, share, versions

MONTHS = range(FIRST, FIRST + 5)
EXAMPLES = "vigie.labelled-examples"
BRISK = {"commit_seconds": "0.1", "session_seconds": "3"}


def send(site: Site) -> None:
    """What every partition answers for every month."""
    with site.producer() as producer:
        for month in MONTHS:
            for partition in range(site.partitions):
                for block in blocks(partition, month, part(month, partition), share(month, partition)):
                    producer.send(EXAMPLES, block)


def expected(site: Site) -> list[str]:
    """The versions that come of it, the first one being where learning starts."""
    learner, partitions = Learner(prior()), range(site.partitions)
    found = [prior().version]
    for month in MONTHS:
        parts = [part(month, p) for p in partitions]
        found.append(learner.learn(month, parts, HORIZON, portfolio(month, partitions)).version)
    return found


def trainer(site: Site, *arguments: str) -> WorkerProcess:
    return site.worker("--roles", "trainer", *arguments, **BRISK)


def learner_of(worker: WorkerProcess) -> int:
    (pid,) = children(worker.pid)
    return pid


def finish(site: Site) -> None:
    """Learn what is left, and check that nothing is missing and nothing came twice."""
    worker = trainer(site, "--exit-when-idle", "1")
    assert worker.wait() == 0, worker.log
    assert versions(site) == expected(site)
    until(lambda: site.behind("vigie-trainer", EXAMPLES) == 0, "the last commit", 1)


def test_a_learner_that_is_killed_ends_the_worker_with_a_reason(site: Site) -> None:
    worker = trainer(site).ready(1)
    send(site)
    until(lambda: len(versions(site)) > 1, "the first month\n" + worker.log)
    pid = learner_of(worker)
    os.kill(pid, signal.SIGKILL)
    assert worker.wait() == 1
    last = worker.log.splitlines()[-1]
    assert last.startswith(f"vigie: error: the learner's process (pid {pid}) ended by SIGKILL")
    assert "learned again after a restart" in last
    finish(site)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_worker(site: Site, number: signal.Signals) -> None:
    """As at a terminal, and under a service manager: the signal goes to both."""
    worker = trainer(site).ready(1)
    pid = learner_of(worker)
    send(site)
    until(lambda: len(versions(site)) > 1, "the first month\n" + worker.log)
    for to in (pid, worker.pid) if number != signal.SIGKILL else (worker.pid,):
        os.kill(to, number)
    assert worker.wait() == (-signal.SIGKILL if number == signal.SIGKILL else 0), worker.log
    until(lambda: not alive(pid), "the learner to end", 5)
    assert "error" not in worker.log
    finish(site)


def test_without_learning_there_is_none(site: Site) -> None:
    for worker in (site.worker("--frozen").ready(2), site.worker("--roles", "scorer").ready(1)):
        assert children(worker.pid) == []
        worker.stop()
