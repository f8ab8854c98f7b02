"""Scores read back from CSV and from Parquet are those that were written."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.outcome import Scores
from streams import score_file
from streams.errors import StreamsError

HEADER = ["siren", "month", "probability", "tier", "model_version"]
Row = tuple[str, str, float, str, str]


def scores(month: int, rows: list[tuple[int, float, int]]) -> Scores:
    sirens, probabilities, tiers = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    return Scores(month, np.array(sirens, np.uint32), np.array(probabilities), np.array(tiers, np.uint8))


def write(path: Path, months: list[tuple[Scores, str]]) -> Path:
    with path.open("wb", buffering=0) as stream, score_file.score_file(path, stream) as file:
        for some, version in months:
            file.add(some, version)
    return path


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="") as stream:
        header, *lines = csv.reader(stream)
    assert header == HEADER
    return [(siren, month, float(p), tier, version) for siren, month, p, tier, version in lines]


def read_parquet(path: Path) -> list[Row]:
    found = pl.read_parquet(path)
    assert found.columns == HEADER
    return found.rows()


MONTHS = [
    (scores(2018 * 12, [(7, 0.1, 0), (732_829_320, 1 - 1e-15, 2)]), "prior-1"),
    (scores(2018 * 12 + 1, []), "prior-1"),
    (scores(2018 * 12 + 11, [(999_999_999, 3.05e-7, 1)]), "2018-11-abc"),
]
EXPECTED: list[Row] = [
    ("000000007", "2018-01", 0.1, "none", "prior-1"),
    ("732829320", "2018-01", 1 - 1e-15, "strong", "prior-1"),
    ("999999999", "2018-12", 3.05e-7, "moderate", "2018-11-abc"),
]


def test_both_have_the_same_columns_and_rows(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path / "a.csv", MONTHS)) == EXPECTED
    assert read_parquet(write(tmp_path / "a.parquet", MONTHS)) == EXPECTED
    assert read_parquet(write(tmp_path / "a.PARQUET", MONTHS)) == EXPECTED


def test_any_other_name_is_csv(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path / "parquet", MONTHS)) == EXPECTED
    assert read_csv(write(tmp_path / "a.parquet.txt", MONTHS)) == EXPECTED


def test_no_month_is_a_file_without_rows(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path / "a.csv", [])) == []
    assert read_parquet(write(tmp_path / "a.parquet", [])) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_probabilities_read_back_exactly(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    folder = tmp_path_factory.mktemp("scores")
    months = [(scores(24_000, [(1, number, 0) for number in numbers]), "m")]
    for found in (read_csv(write(folder / "a.csv", months)), read_parquet(write(folder / "a.parquet", months))):
        assert [row[2].hex() for row in found] == [number.hex() for number in numbers]


def test_months_keep_their_order_over_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_file, "ROW_GROUP_ROWS", 25)
    months = [(scores(24_000 + i, [(firm, 0.5, 0) for firm in range(10)]), "m") for i in range(6)]
    path = write(tmp_path / "a.parquet", months)
    found = read_parquet(path)
    assert [row[:2] for row in found] == [(f"{firm:09d}", f"2000-{i + 1:02d}") for i in range(6) for firm in range(10)]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_full_disk_is_told(tmp_path: Path, name: str) -> None:
    full = tmp_path / name
    full.symlink_to("/dev/full")
    many = scores(24_000, [(firm, 0.5, 0) for firm in range(10_000)])
    with pytest.raises(StreamsError, match=f"{name}.*Make room"):
        write(full, [(many, "m")])
