"""Files of scores, good and bad."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from detectors.errors import UnusableInput
from streams.read_scores import read

HEADER = "siren,month,probability,tier,model_version\n"
GOOD = HEADER + "005520135,2018-01,0.25,none,prior\n732829320,2018-02,1e-05,strong,2019-07-abc\n"


def test_columns_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(GOOD)
    rows = read(path)
    assert rows.sirens.tolist() == [5520135, 732829320]
    assert rows.months.tolist() == [2018 * 12, 2018 * 12 + 1]
    assert rows.probabilities.tolist() == [0.25, 1e-05]
    assert rows.tiers.tolist() == [0, 2]
    assert [rows.sirens.dtype.name, rows.months.dtype.name, rows.tiers.dtype.name] == ["uint32", "int32", "uint8"]


def test_the_order_of_columns_and_others_play_no_part(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("x,tier,probability,month,siren,model_version\r\n1,moderate,0.5,2020-12,732829320,v\r\n")
    rows = read(path)
    assert (rows.sirens.tolist(), rows.tiers.tolist(), rows.months.tolist()) == ([732829320], [1], [2020 * 12 + 11])


@pytest.mark.parametrize(
    ("sirens", "months", "tiers"),
    [
        (["005520135", "732829320"], ["2018-01", "2018-02"], pl.String),
        ([5520135, 732829320], [date(2018, 1, 31), date(2018, 2, 28)], pl.Categorical),
    ],
)
def test_parquet_is_read_by_its_ending(
    tmp_path: Path, sirens: list[object], months: list[object], tiers: type[pl.DataType]
) -> None:
    path, text = tmp_path / "scores.parquet", tmp_path / "scores.csv"
    text.write_text(GOOD)
    table = pl.DataFrame(
        {
            "siren": sirens,
            "month": months,
            "probability": [0.25, 1e-05],
            "tier": pl.Series(["none", "strong"], dtype=tiers),
            "model_version": "v",
        }
    )
    table.write_parquet(path)
    found, expected = read(path), read(text)
    for name in ("sirens", "months", "probabilities", "tiers"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (HEADER + "73282932,2018-01,0.1,none,v\n", "line 2, column siren: '73282932'"),
        (GOOD + "73282932x,2018-01,0.1,none,v\n", "line 4, column siren"),
        (GOOD + "732829320,2018-13,0.1,none,v\n", "line 4, column month: '2018-13'"),
        (GOOD + "732829320,2018-03,1.1,none,v\n", "line 4, column probability: '1.1'"),
        (GOOD + "732829320,2018-03,nan,none,v\n", "line 4, column probability"),
        (GOOD + "732829320,2018-03,,none,v\n", "line 4, column probability: None"),
        (GOOD + "732829320,2018-03,0.1,high,v\n", "line 4, column tier: 'high'"),
        (GOOD + "732829320,2018-02,0.1,none,v\n", "line 4, column month: '2018-02': there is a line"),
        ("siren,month,probability,tier\n732829320,2018-02,0.1,none\n", "line 1: column model_version is missing"),
        (HEADER + "732829320,2018-02,0.1,none,v,more\n", "cannot be read as CSV"),
        (HEADER, "holds no scores"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text)
    with pytest.raises(UnusableInput) as raised:
        read(path)
    assert where in str(raised.value)
    assert str(path) in str(raised.value)
    assert "vigie replay --scores" in str(raised.value)


def test_what_is_no_file_or_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(UnusableInput, match="No such file"):
        read(tmp_path / "none.parquet")
    path = tmp_path / "scores.parquet"
    path.write_text(GOOD)
    with pytest.raises(UnusableInput, match="cannot be read as Parquet"):
        read(path)
