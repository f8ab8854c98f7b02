import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.embedded import KafkaServer
from streams.topics import EVENTS, TopicOptions
from tests.processes import started
from tests.streams.partner_files import VALID, written
from tests.vigie.commands.conftest import Vigie

DEBIT = VALID["debit"]
LOOK = ("--poll-seconds", "0.1")


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    folder = tmp_path / "drops"
    folder.mkdir()
    return folder


@pytest.fixture
def added(kafka: KafkaServer, topics: None) -> Iterator[Callable[[], int]]:
    """How many records have come to the topic of events since the last question."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    places = [TopicPartition(EVENTS, number) for number in range(TopicOptions().partitions)]
    last = sum(consumer.end_offsets(places).values())

    def ask() -> int:
        nonlocal last
        before, last = last, sum(consumer.end_offsets(places).values())
        return last - before

    yield ask
    consumer.close()


def debits(path: Path, first: int, count: int = 1) -> Path:
    return written(path, "debit", [DEBIT | {"Num_Ecn": str(number)} for number in range(first, first + count)])


def records(count: int) -> int:
    """What so many debits of one day make: each once, and two clocks a partition."""
    return count + 2 * TopicOptions().partitions


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def test_once(vigie: Vigie, added: Callable[[], int], drops: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = (
        *("ingest", "--watch", str(drops), "--once", *LOOK),
        *("--data", str(tmp_path / "data"), "--report", str(report)),
    )
    assert vigie(*command)[0] == 0
    assert added() == 0
    debits(drops / "b.csv", 1)
    debits(drops / "a.csv", 2, count=3)
    debits(drops / "c.csv.part", 5)
    status, out, err = vigie(*command)
    assert (status, out) == (0, "")
    assert "total: 2 files, 4 rows, 4 events" in err
    assert added() == records(4)
    assert names(drops) == ["c.csv.part"]
    assert names(drops / "done") == ["a.csv", "b.csv"]
    found = json.loads(report.read_text())
    assert [(Path(file["name"]).name, file["kind"], file["rows"]) for file in found["files"]] == [
        ("a.csv", "debit", 3),
        ("b.csv", "debit", 1),
    ]
    assert (found["totals"]["events"], found["sent"], found["error"]) == (4, 6, None)
    (drops / "c.csv.part").rename(drops / "c.csv")
    debits(drops / "d.csv", 1)
    status, _, err = vigie(*command)
    assert status == 0
    assert added() == records(1)
    assert "d.csv: not sent again, b.csv with the same content was ingested on" in err
    assert names(drops / "done") == ["a.csv", "b.csv", "c.csv", "d.csv"]


def test_once_tells_of_a_quarantine_by_its_status(
    vigie: Vigie, added: Callable[[], int], drops: Path, tmp_path: Path
) -> None:
    debits(drops / "a.csv", 1)
    (drops / "alien.csv").write_text("a;b\n1;2\n")
    status, _, err = vigie("ingest", "--watch", str(drops), "--once", *LOOK, "--data", str(tmp_path))
    assert status == 1
    assert "1 files could not be used: alien.csv" in err
    assert added() == records(1)
    assert names(drops / "quarantine") == ["alien.csv", "alien.csv.reason.txt"]


def test_wrong_use(vigie: Vigie, drops: Path) -> None:
    watched = ("ingest", "--watch", str(drops))
    for wrong, named in (
        (("ingest",), "--watch"),
        (("ingest", "--once", str(drops)), "--once"),
        ((*watched, str(drops)), "PATH"),
        ((*watched, "--to", "-"), "--to"),
        ((*watched, "--from", "2018-01", "--kind", "debit"), "--kind, --from"),
        ((*watched, "--report", str(drops / "report.json")), "--report"),
        (("ingest", "--watch", str(drops / "missing")), "missing is no folder"),
    ):
        status, _, err = vigie(*wrong)
        assert status == 2, wrong
        assert named in err


class Watcher:
    """`vigie ingest --watch` as a process of its own; its stderr in a file."""

    def __init__(self, kafka: str, drops: Path, data: Path, *more: str) -> None:
        self.log = data / "log"
        data.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "vigie", "ingest", "--watch", str(drops), *LOOK, "--data", str(data), *more]
        with self.log.open("ab") as stream:
            self.process = started(command, stderr=stream, env={**os.environ, "VIGIE_KAFKA": kafka})

    def until(self, text: str, times: int = 1) -> None:
        """Wait until it has said that."""
        deadline = time.monotonic() + 60
        while self.log.read_text().count(text) < times:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def end(self, number: int) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def watcher(kafka: KafkaServer, topics: None, drops: Path, tmp_path: Path) -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(*more: str, **settings: Any) -> Watcher:
        started.append(Watcher(settings.get("kafka", kafka.bootstrap), drops, tmp_path / "data", *more))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def test_what_arrives_is_ingested_until_sigterm(
    watcher: Callable[..., Watcher], added: Callable[[], int], drops: Path
) -> None:
    debits(drops / "a.csv", 1)
    watching = watcher()
    watching.until("events written")
    debits(drops / "b.csv.tmp", 2).rename(drops / "b.csv")
    watching.until("events written", 2)
    assert watching.end(signal.SIGTERM) == 0
    assert added() == 2 * records(1)
    assert names(drops / "done") == ["a.csv", "b.csv"]
    # A restart neither skips nor repeats.
    debits(drops / "a.csv", 1)
    debits(drops / "c.csv", 3)
    watching = watcher()
    watching.until("not sent again")
    assert watching.end(signal.SIGINT) == 0
    assert added() == records(1)
    assert names(drops) == []


def test_sigterm_lets_the_run_in_hand_end(
    watcher: Callable[..., Watcher], added: Callable[[], int], drops: Path
) -> None:
    debits(drops / "a.csv", 1, count=200)
    watching = watcher("--rate", "100")
    watching.until("total: ")  # read, and sending for two seconds
    debits(drops / "b.csv", 1000)
    assert watching.end(signal.SIGTERM) == 0
    assert added() == records(200)
    assert names(drops / "done") == ["a.csv"]
    assert names(drops) == ["b.csv"]


def test_a_second_sigterm_ends_at_once_and_nothing_is_lost(
    watcher: Callable[..., Watcher], added: Callable[[], int], drops: Path
) -> None:
    debits(drops / "a.csv", 1, count=1_000)
    watching = watcher("--rate", "50")
    watching.until("total: ")
    watching.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert watching.end(signal.SIGTERM) == -signal.SIGTERM
    assert names(drops) == ["a.csv"]
    partly = added()
    assert partly < records(1_000)
    watching = watcher()
    watching.until("events written")
    assert watching.end(signal.SIGTERM) == 0
    assert added() == records(1_000)


def test_one_watcher_a_folder(watcher: Callable[..., Watcher], vigie: Vigie, drops: Path, tmp_path: Path) -> None:
    watching = watcher()
    watching.until("watching")
    status, _, err = vigie("ingest", "--watch", str(drops), "--once", "--data", str(tmp_path / "other"))
    assert status == 1
    assert "another process ingests the files of" in err
    assert watching.end(signal.SIGTERM) == 0


def test_a_broker_that_is_away_is_waited_for(watcher: Callable[..., Watcher], drops: Path) -> None:
    debits(drops / "a.csv", 1)
    watching = watcher("--kafka-timeout-s", "0.2", kafka="127.0.0.1:1")
    watching.until("Trying again every 0.1 s")
    time.sleep(1)
    assert watching.log.read_text().count("Trying again") == 1
    assert watching.end(signal.SIGTERM) == 0
    assert names(drops) == ["a.csv"]
    assert names(drops / "done") == []
