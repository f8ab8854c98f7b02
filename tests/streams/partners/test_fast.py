"""The fast half of each format never says anything but what `parse` says."""

from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.partners import KINDS, BadValue, Format
from tests.streams.broken_files import ODD_CELLS

FORMATS: dict[int, Format[Any]] = {
    id(column.format): column.format
    for kind in KINDS.values()
    for column in (*kind.columns, *filter(None, [kind.monthly]))
    if column.format.fast
}
NUMBER_OF_FORMATS = 10

numbers = st.from_regex(r"[+-]?[0-9]{0,16}([.,][0-9]{0,22})?", fullmatch=True).filter(bool)
cells = st.sampled_from([cell for cell in ODD_CELLS if cell]) | numbers | st.text(min_size=1, max_size=70)


def test_all_formats_are_tried() -> None:
    assert len(FORMATS) == NUMBER_OF_FORMATS


@pytest.mark.parametrize("read", FORMATS.values(), ids=[str(number) for number in range(len(FORMATS))])
def test_columns_are_read_as_cells_are(read: Format[Any]) -> None:
    @example([cell for cell in ODD_CELLS if cell])
    @given(st.lists(cells, max_size=8))
    def check(texts: list[str]) -> None:
        assert read.fast is not None
        values = read.fast(pl.Series(texts, dtype=pl.String)).to_list()
        assert len(values) == len(texts)
        for text, value in zip(texts, values, strict=True):
            if value is not None:
                assert value == read.parse(text)

    check()


@pytest.mark.parametrize("read", FORMATS.values(), ids=[str(number) for number in range(len(FORMATS))])
def test_usual_cells_are_not_left_over(read: Format[Any]) -> None:
    assert read.fast is not None
    usual = ["0", "12", "195907", "000000000", "12345678901234", "A0000000000"]
    values = read.fast(pl.Series([*usual, None], dtype=pl.String)).to_list()
    assert values == [*(_parsed(read, text) for text in usual), None]


def _parsed(read: Format[Any], text: str) -> Any:
    try:
        return read.parse(text)
    except BadValue:
        return None
