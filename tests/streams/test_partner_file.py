"""Whole columns are read as single rows are: the same events, rejects and counts, in the same order."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import FirmEvent
from streams.event_columns import structs
from streams.partner_block import LINE
from streams.partner_file import Intake, read
from streams.partners import KINDS
from streams.rejects import Reject
from streams.report import Report
from streams.sources import Source
from tests.streams.broken_files import files
from tests.streams.by_row import Read, read_by_row
from tests.streams.partner_files import TODAY, VALID, content

LATEST = TODAY + timedelta(days=1)

kinds = pytest.mark.parametrize("kind", sorted(KINDS))


def read_in_blocks(path: Path, kind: str, block_bytes: int, latest: date = LATEST, few: int = 0) -> Read:
    report, rejects, events = Report(), list[Reject](), list[FirmEvent]()
    intake = Intake(latest, KINDS[kind], rejects.append, block_bytes, few)
    for found, frame in read(Source("file", path, None, named=True), intake, report):
        events += structs(found.event, frame)  # type: ignore[arg-type] # no clocks in files
        assert frame[LINE].is_sorted()
    (file,) = report.files
    return Read(events, rejects, file)


@kinds
def test_blocks_and_rows_agree_on_any_file(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "file"

    @settings(max_examples=50, deadline=None)
    @given(files(kind), st.sampled_from([1, 50, 4 << 20]), st.sampled_from([0, 0, 3, 64]))
    def check(data: bytes, block_bytes: int, few: int) -> None:
        path.write_bytes(data)
        assert read_in_blocks(path, kind, block_bytes, few=few) == read_by_row("file", data, KINDS[kind], LATEST)

    check()


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if KINDS[kind].delimiter == ","))
def test_lines_within_a_quoted_cell_are_no_rows(kind: str, tmp_path: Path) -> None:
    header, row = content(kind, [VALID[kind]]).splitlines(keepends=True)
    like_a_row = b",".join([b"1"] * len(header.split(b","))) + b"\n"
    within = b'"x\n' + like_a_row + like_a_row + b'x",' + row.partition(b",")[2]
    data = header + row + within + row
    path = tmp_path / "file"
    path.write_bytes(data)
    wanted = read_by_row("file", data, KINDS[kind], LATEST)
    assert wanted.report.rows == 3
    for block_bytes in (1, 200, 4 << 20):
        assert read_in_blocks(path, kind, block_bytes) == wanted


@pytest.mark.parametrize("kind", ["ccsf", "apconso"])
def test_blocks_cut_at_every_place_give_the_same(kind: str, tmp_path: Path) -> None:
    good = VALID[kind]
    needed = next(column.name for column in KINDS[kind].columns if column.presence != "optional")
    header, *rows = content(kind, [good, good | {needed: "?"}, good]).splitlines(keepends=True)
    if KINDS[kind].delimiter == ",":
        rows += [b'"two\nlines"' + rows[0][rows[0].index(b",") :], b'"' + rows[0], rows[0]]
    data = b"".join([header, *rows])
    path = tmp_path / "file"
    path.write_bytes(data)
    wanted = read_by_row("file", data, KINDS[kind], LATEST)
    assert wanted.rejects
    assert len(wanted.events) == len(rows) - len(wanted.rejects)
    for block_bytes in range(1, len(data)):
        assert read_in_blocks(path, kind, block_bytes) == wanted


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"sirene", "sirene_ul"}))
def test_what_is_known_only_in_the_future_is_left_to_the_row_reader(kind: str, tmp_path: Path) -> None:
    path, data = tmp_path / "file", content(kind, [VALID[kind]] * 3)
    path.write_bytes(data)
    known = max(event.known_at for event in read_in_blocks(path, kind, 1 << 20).events if event.known_at)
    for latest in (known, known - timedelta(days=1)):
        found = read_in_blocks(path, kind, 1 << 20, latest)
        assert found == read_by_row("file", data, KINDS[kind], latest)
        assert bool(found.rejects) == (latest < known)
