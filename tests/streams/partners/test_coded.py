from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from streams.partners import BadValue
from streams.partners.coded import Coder


class Counting:
    """Reads numbers, refuses the rest, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> int:
        self.asked.append(text)
        if not text.isdecimal():
            raise BadValue("not a number", text)
        return int(text)


def values(coder: Coder[int], cells: list[str | None]) -> list[int | None]:
    return coder.codes(pl.Series(cells, dtype=pl.String)).column(pl.Int64).to_list()


def test_each_distinct_cell_is_parsed_once() -> None:
    parse = Counting()
    coder = Coder[int](parse)
    assert values(coder, ["1", None, "x", "1", "02"]) == [1, None, None, 1, 2]
    assert values(coder, ["2", "x", "1"]) == [2, None, 1]
    assert sorted(parse.asked) == ["02", "1", "2", "x"]
    assert values(coder, []) == []


def test_a_column_can_be_made_of_the_values() -> None:
    coded = Coder[int](Counting()).codes(pl.Series(["1", None, "2"], dtype=pl.String))
    assert coded.map(lambda value: value > 1).column(pl.Boolean).to_list() == [False, None, True]


def test_values_may_be_none() -> None:
    coded = Coder[int | None](lambda text: None).codes(pl.Series(["a", None], dtype=pl.String))
    assert coded.codes.to_list() == [0, None]
    assert coded.column(pl.Int64).to_list() == [None, None]


def test_not_everything_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.partners.coded._MOST_REMEMBERED", 3)
    parse = Counting()
    coder = Coder[int](parse)
    for start in range(0, 100, 5):
        cells = [str(number) for number in range(start, start + 6)]
        assert values(coder, list(cells)) == list(range(start, start + 6))
        assert len(coder.codes(pl.Series(cells)).values) <= 3 + 6
    assert len(parse.asked) > 100


def test_threads_may_share_one() -> None:
    coder = Coder[int](Counting())
    blocks = [[str(number) for number in range(start, start + 50)] for start in range(0, 2000, 10)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda cells: values(coder, list(cells)), blocks))
    assert found == [[int(cell) for cell in cells] for cells in blocks]
