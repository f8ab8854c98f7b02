"""What is simulated is what is read: every good row goes through, every corrupt one is rejected."""

from collections import Counter
from datetime import date
from pathlib import Path

from detectors.events import AnyEvent, Clock, PaymentDelay, early_date, type_name
from detectors.months import month_of
from streams.ingest import events
from streams.report import Report
from streams.simulate import Summary, World, simulate

TODAY = date(2026, 1, 1)


def ingested(directory: Path, world: World, seed: int) -> tuple[Summary, Report, list[AnyEvent]]:
    summary, report = simulate(directory, world, seed), Report()
    return summary, report, list(events([directory], report, today=TODAY))


def test_the_rejects_are_the_corrupt_rows(tmp_path: Path) -> None:
    summary, report, _ = ingested(tmp_path, World(firms=300, months=36, corrupt=0.01), 3)
    assert {file.kind for file in report.files} == set(summary.files)
    for file in report.files:
        assert file.kind is not None
        count = summary.files[file.kind]
        assert (file.rejects, file.rows, file.error) == (count.corrupt, count.rows, None), file.summary()
    assert summary.corrupt > 100
    sorts = sum((Counter(count.corrupt_sorts) for count in summary.files.values()), Counter[str]())
    assert sorts.keys() >= {"bad date", "bad SIRET", "missing cells", "letters in an amount"}


def test_a_clean_world_is_read_whole(tmp_path: Path) -> None:
    summary, report, read = ingested(tmp_path, World(firms=200, months=30, clean=True), 4)
    assert report.total().rejects == summary.corrupt == 0
    assert report.notes == []
    assert {type_name(event) for event in read} == {
        "payment-delay",
        "contribution",
        "payment-schedule",
        "debt-commission",
        "partial-unemployment-request",
        "partial-unemployment-use",
        "headcount",
        "insolvency-proceeding",
        "firm",
        "clock",
    }
    known = [event.known_at for event in read if event.known_at is not None]
    assert known == sorted(known)
    assert date(2018, 1, 1) <= known[0]
    assert known[-1] <= date(2020, 7, 1)
    assert all(isinstance(event, Clock) or early_date(event) is None for event in read)


def test_debts_read_back_as_they_were_lived(tmp_path: Path) -> None:
    summary, _, read = ingested(tmp_path, World(firms=100, months=30, clean=True, doubled=0), 5)
    debts = [event for event in read if isinstance(event, PaymentDelay)]
    assert len(debts) == summary.files["debit"].rows > 100
    lengths = {month_of(one.period_end) - month_of(one.period_start) for one in debts}
    assert lengths >= {1, 3}
    late = [one for one in debts if (one.known_at - one.period_end).days > 365 and one.version == 1]
    assert 0 < len(late) < len(debts) / 20
