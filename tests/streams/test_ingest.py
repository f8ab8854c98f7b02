import gzip
import itertools
import zipfile
from datetime import date
from pathlib import Path

import pytest

from detectors.errors import UnusableInput
from detectors.events import Clock, type_name
from detectors.months import parse_month
from streams import ingest
from streams.errors import FilesFailed
from streams.partners import KINDS
from streams.report import Report
from tests.streams.partner_files import TODAY, VALID, content, ingested, written


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A file of every kind, whose names sort against the order of kinds."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    for number, kind in enumerate(reversed(KINDS)):
        written(folder / f"{number:02d}.csv", kind, [VALID[kind], VALID[kind]])
    return folder


def test_all_kinds_come_as_one_sequence_by_day(delivery: Path) -> None:
    result = ingested(delivery)
    days = [event.known_at or date.min for event in result.events]
    assert days == sorted(days)
    assert {type_name(event) for event in result.events} >= {KINDS[kind].event.__struct_config__.tag for kind in KINDS}
    clocks = [event.known_at for event in result.events if isinstance(event, Clock)]
    dated = [event.known_at for event in result.facts if event.known_at]
    assert clocks == [*sorted({day.replace(day=1) for day in dated}), dated[-1]]
    assert [type_name(event) for event in result.events[:4]] == ["firm"] * 4
    assert result.report.failure() is None


def test_one_day_comes_by_kind_then_file_then_line(tmp_path: Path) -> None:
    february = {"effectif": "eff201811", "effectif_ent": "eff201811"}
    for name, kind in (("1", "effectif"), ("2", "effectif_ent"), ("3", "effectif"), ("4", "effectif_ent")):
        rows = [{"siret": f"1{name}345678901234", "siren": f"2{name}3456789", february[kind]: str(n)} for n in (1, 2)]
        written(tmp_path / name, kind, rows)
    facts = ingested(tmp_path).facts
    assert [(event.siren[:2], getattr(event, "headcount", None)) for event in facts] == [
        ("22", 1), ("22", 2), ("24", 1), ("24", 2), ("11", 1), ("11", 2), ("13", 1), ("13", 2),
    ]  # fmt: skip


def test_the_sequence_does_not_depend_on_memory_or_packing(delivery: Path, tmp_path: Path) -> None:
    wanted = ingested(delivery)
    assert ingested(delivery, options=ingest.IngestOptions(sort_events=3)).events == wanted.events
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(delivery.iterdir()):
            archive.writestr(f"in/{path.name}.gz", gzip.compress(path.read_bytes()))
    assert ingested(packed).events == wanted.events


def test_months_bound_what_comes_out(delivery: Path) -> None:
    months = ingest.Months(parse_month("2018-02"), parse_month("2018-04"))
    result = ingested(delivery, months=months)
    dated = [event.known_at for event in result.facts if event.known_at]
    assert min(dated) >= date(2018, 2, 1)
    assert max(dated) < date(2018, 5, 1)
    assert [event for event in result.facts if event.known_at is None]
    whole = ingested(delivery)
    assert len(result.facts) + result.report.total().outside == len(whole.facts)
    assert whole.report.total().outside == 0


def test_counts_are_told_a_file(tmp_path: Path) -> None:
    rows = [VALID["sirene"], VALID["sirene"] | {"etablissementSiege": "false"}, VALID["sirene"] | {"siren": "1"}]
    path = written(tmp_path / "sirene.csv", "sirene", rows)
    result = ingested(path)
    (file,) = result.report.files
    assert (file.rows, file.events, file.rejects, file.skipped) == (3, 1, 1, 1)
    assert file.summary() == f"{path}: sirene, 3 rows, 1 events, 1 rejected, 1 skipped"


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    rows = [VALID["sirene_ul"] | {"denominationUniteLegale": "two\nlines"}, VALID["sirene_ul"] | {"siren": "?"}]
    path = tmp_path / "names.csv"
    path.write_bytes(b"\n" + content("sirene_ul", rows))
    result = ingested(path)
    assert [event.name for event in result.facts] == ["two\nlines"]  # type: ignore[union-attr] # they are firms
    assert [reject.line for reject in result.rejects] == [5]


def test_other_files_in_a_folder_are_noted(delivery: Path) -> None:
    (delivery / "LICENSE").write_text("a licence; with semicolons")
    (delivery / "empty.csv").write_text("")
    (delivery / "image").write_bytes(bytes(range(256)))
    result = ingested(delivery)
    assert [note.split(":")[0] for note in result.report.notes] == [
        str(delivery / name) for name in ("LICENSE", "empty.csv", "image")
    ]
    assert result.report.failure() is None


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (b"\n\n", "empty"), (b"a;b\n1;2\n", "no partner file")])
def test_a_file_named_that_is_no_partner_file(data: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "named.csv"
    path.write_bytes(data)
    failure = ingested(path).report.failure()
    assert isinstance(failure, UnusableInput)
    assert reason in str(failure)
    assert str(path) in str(failure)
    good = written(tmp_path / "debit.csv", "debit", [VALID["debit"]])
    result = ingested(path, good)
    assert isinstance(result.report.failure(), FilesFailed)
    assert len(result.facts) == 1


def test_a_header_alone_is_fine(tmp_path: Path) -> None:
    result = ingested(written(tmp_path / "debit.csv", "debit", []))
    assert result.report.failure() is None
    assert (result.events, result.report.total().rows) == ([], 0)


def test_a_kind_can_be_forced(tmp_path: Path) -> None:
    path = written(
        tmp_path / "f.csv", "effectif_ent", [{"siren": "123456789", "siret": "12345678901234", "eff201811": "1"}]
    )
    (event,) = ingested(path).facts
    assert event.siret is None
    path = written(path, "effectif", [{"siret": "12345678901234", "eff201811": "1"}], ["siret", "siren", "eff201811"])
    (event,) = ingested(path, kind="effectif").facts
    assert event.siret == "12345678901234"
    failure = ingested(path, kind="debit").report.failure()
    assert isinstance(failure, UnusableInput)
    assert "num_cpte" in str(failure)


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="missing"):
        ingested(tmp_path / "missing")
    with pytest.raises(UnusableInput, match="debits"):
        ingested(tmp_path, kind="debits")


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_damaged_archive_keeps_what_came_before(keep: float, tmp_path: Path) -> None:
    rows = [VALID["debit"] | {"Num_Ecn": str(number)} for number in range(20_000)]
    packed = gzip.compress(content("debit", rows))
    path = tmp_path / "debit.csv.gz"
    path.write_bytes(packed[: int(len(packed) * keep)])
    result = ingested(path)
    failure = result.report.failure()
    assert isinstance(failure, FilesFailed)
    assert "cannot be read past its first" in str(failure)
    assert 0 < len(result.facts) < len(rows)


def test_a_damaged_zip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("debit.csv", content("debit", [VALID["debit"]]))
    path.write_bytes(path.read_bytes()[:-30])
    failure = ingested(path).report.failure()
    assert isinstance(failure, UnusableInput)
    assert str(path) in str(failure)


def test_the_report_is_whole_before_the_first_event(delivery: Path) -> None:
    report = Report()
    first = next(ingest.events([delivery], report, today=TODAY))
    assert type_name(first) == "firm"
    assert report.total().rows == 2 * len(KINDS)


def test_the_same_paths_give_the_same_sequence(delivery: Path) -> None:
    pairs = itertools.pairwise(ingested(delivery).events for _ in range(3))
    assert all(first == second for first, second in pairs)
