import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detectors.events import AnyEvent, Clock
from streams.drops import Drop, DropFolder
from streams.errors import SendFailed
from streams.ingest import IngestOptions
from streams.progress import Progress
from streams.report import Report
from streams.unattended import Unattended
from tests.streams.partner_files import VALID, content, ingested, written

NOW = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
DEBIT, NAMES = VALID["debit"], VALID["sirene_ul"]


class Site:
    """A drop folder, and what comes of runs over it; `send` takes events until it is told to fail."""

    def __init__(self, folder: Path) -> None:
        (folder / "drops").mkdir()
        self.drops = DropFolder(folder / "drops")
        self.progress = folder / "progress.json"
        self.sent: list[AnyEvent] = []
        self.said: list[str] = []
        self.fail_after: int | None = None

    def run(self) -> list[str]:
        """A run over all that is there, by a process of its own as it were."""
        progress = Progress(self.progress, "cluster")
        unattended = Unattended(self.drops, progress, IngestOptions(), lambda: NOW, self.said.append)
        return unattended.run([Drop(*item) for item in self.drops.look().items()], Report(), self._send)

    def facts(self) -> list[AnyEvent]:
        return [event for event in self.sent if not isinstance(event, Clock)]

    def at(self, place: str) -> list[str]:
        return sorted(path.name for path in (self.drops.folder / place).iterdir() if path.is_file())

    def _send(self, events: Iterator[AnyEvent]) -> None:
        for number, event in enumerate(events):
            if number == self.fail_after:
                raise SendFailed("no broker")
            self.sent.append(event)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_all_files_of_a_run_are_one_sequence(site: Site, tmp_path: Path) -> None:
    folder = site.drops.folder
    written(folder / "b.csv", "debit", [DEBIT])
    written(folder / "a.csv", "debit", [DEBIT | {"Num_Ecn": "660", "Dt_trt_ecn": "990601"}])
    wanted = ingested(folder / "a.csv", folder / "b.csv").events
    assert site.run() == []
    assert site.sent == wanted
    assert site.at("done") == ["a.csv", "b.csv"]
    assert site.at(".") == site.at("quarantine") == site.at("rejects") == []


def test_a_content_is_sent_once_whatever_its_name(site: Site) -> None:
    folder = site.drops.folder
    written(folder / "a.csv", "debit", [DEBIT])
    written(folder / "b.csv", "debit", [DEBIT])
    site.run()
    assert len(site.facts()) == 1
    assert any(line.startswith("b.csv: not sent again, a.csv with the same content") for line in site.said)
    written(folder / "a.csv", "debit", [DEBIT])
    written(folder / "c.csv", "debit", [DEBIT])
    site.run()
    assert len(site.facts()) == 1
    assert site.at(".") == []
    assert {"a.csv", "b.csv", "c.csv"} <= set(site.at("done"))
    written(folder / "a.csv", "debit", [DEBIT | {"Num_Hist_Ecn": "10"}])
    site.run()
    assert len(site.facts()) == 2


@pytest.mark.parametrize("after", range(4))
def test_a_run_that_fails_leaves_all_to_be_done_again(after: int, site: Site) -> None:
    bad = DEBIT | {"Periode": "2018"}
    written(site.drops.folder / "a.csv", "debit", [DEBIT, bad])
    written(site.drops.folder / "b.csv", "sirene_ul", [NAMES])
    (site.drops.folder / "c.csv").write_text("no partner file")
    site.fail_after = after
    with pytest.raises(SendFailed):
        site.run()
    assert site.at(".") == ["a.csv", "b.csv", "c.csv"]
    assert site.at("done") == site.at("quarantine") == site.at("rejects") == []
    site.fail_after, site.sent = None, []
    assert site.run() == ["c.csv"]
    assert len(site.facts()) == 2
    assert site.at("done") == ["a.csv", "b.csv"]


def test_a_kill_before_the_files_were_moved(site: Site) -> None:
    path = written(site.drops.folder / "a.csv", "debit", [DEBIT])
    site.run()
    (site.drops.done / "a.csv").rename(path)
    site.sent.clear()
    assert site.run() == []
    assert site.sent == []
    assert site.at("done") == ["a.csv"]


def test_rejects_lie_in_a_file_a_run(site: Site) -> None:
    bad = DEBIT | {"Periode": "2018"}
    path = written(site.drops.folder / "a.csv", "debit", [DEBIT, bad])
    site.run()
    (name,) = site.at("rejects")
    (reject,) = [json.loads(line) for line in (site.drops.rejects / name).read_text().splitlines()]
    assert (reject["file"], reject["line"], reject["column"]) == (str(path), 3, "Periode")
    written(site.drops.folder / "a.csv", "debit", [DEBIT, bad, bad])
    site.run()
    assert len(site.at("rejects")) == 2


def test_what_is_of_no_use_goes_to_quarantine_with_its_reason(site: Site) -> None:
    folder = site.drops.folder
    (folder / "alien.csv").write_text("a;b\n1;2\n")
    (folder / "empty.csv").write_text("")
    written(folder / "lacking.csv", "debit", [DEBIT], [name for name in DEBIT if name != "Siret"])
    written(folder / "rejected.csv", "debit", [DEBIT | {"Periode": "2018"}] * 2)
    with zipfile.ZipFile(folder / "useless.zip", "w") as archive:
        archive.writestr("README", "nothing")
    with zipfile.ZipFile(folder / "useful.zip", "w") as archive:
        archive.writestr("README", "nothing")
        archive.writestr("debit.csv", content("debit", [DEBIT]))
    bad = ["alien.csv", "empty.csv", "lacking.csv", "rejected.csv", "useless.zip"]
    assert site.run() == bad
    assert site.at("done") == ["useful.zip"]
    assert len(site.facts()) == 1
    assert site.at("quarantine") == sorted([*bad, *(f"{name}.reason.txt" for name in bad)])
    reasons = {name: (site.drops.quarantine / f"{name}.reason.txt").read_text() for name in bad}
    assert "is no partner file" in reasons["alien.csv"]
    assert "is empty" in reasons["empty.csv"]
    assert "Siret" in reasons["lacking.csv"]
    assert "every row of 2 was rejected, the first (line 2, column Periode)" in reasons["rejected.csv"]
    assert "without any partner file" in reasons["useless.zip"]
    # Put back, it is looked at again: it was never ingested.
    (site.drops.quarantine / "alien.csv").rename(folder / "alien.csv")
    assert site.run() == ["alien.csv"]


def test_a_file_that_changes_under_way_is_not_done(site: Site) -> None:
    path = written(site.drops.folder / "a.csv", "debit", [DEBIT])
    drops = [Drop(*item) for item in site.drops.look().items()]
    written(path, "debit", [DEBIT, DEBIT | {"Num_Ecn": "660"}])
    unattended = Unattended(
        site.drops, Progress(site.progress, "cluster"), IngestOptions(), lambda: NOW, site.said.append
    )
    assert unattended.run(drops, Report(), site._send) == []
    assert site.at(".") == ["a.csv"]
    assert any("changed while it was read" in line for line in site.said)
    site.run()
    assert site.at("done") == ["a.csv"]


def test_a_file_that_has_gone(site: Site) -> None:
    path = written(site.drops.folder / "a.csv", "debit", [DEBIT])
    drops = [Drop(*item) for item in site.drops.look().items()]
    path.unlink()
    unattended = Unattended(
        site.drops, Progress(site.progress, "cluster"), IngestOptions(), lambda: NOW, site.said.append
    )
    assert unattended.run(drops, Report(), site._send) == []
    assert site.sent == []
