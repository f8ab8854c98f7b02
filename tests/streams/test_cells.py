import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cells import MOST_LINES_OF_A_ROW, Delimiter, Record, join_cells, records
from streams.lines import Lines


def read(text: str, delimiter: Delimiter, width: int) -> list[Record]:
    return list(records(Lines(io.BytesIO(text.encode())), delimiter, width))


def good(found: list[Record]) -> list[list[str]]:
    return [list(record.cells) for record in found if not record.problem]


def test_semicolons_know_no_quotes_but_those_around_a_cell() -> None:
    found = read('a;"b";c\n"a;b;c\na";5";"\n"";" b ";""\n', ";", 3)
    assert good(found) == [["a", "b", "c"], ['"a', "b", "c"], ['a"', '5"', '"'], ["", " b ", ""]]
    (bad,) = read('a;"b;c";d', ";", 3)
    assert bad.problem is not None


def test_commas_have_the_quotes_of_csv() -> None:
    found = read('a,"b,c",d\na,"b ""c""",d\na,5",d\na,"b\n\nc",d\ne,f,g\n', ",", 3)
    assert good(found) == [
        ["a", "b,c", "d"],
        ["a", 'b "c"', "d"],
        ["a", '5"', "d"],
        ["a", "b\n\nc", "d"],
        ["e", "f", "g"],
    ]
    assert [record.line for record in found] == [1, 2, 3, 4, 7]
    assert found[3].raw == 'a,"b\n\nc",d'


@pytest.mark.parametrize("stray", ['a,"b,c', 'a,"b"x,c', 'a,"b,c"'])
@pytest.mark.parametrize("following", [1, 3, MOST_LINES_OF_A_ROW + 5])
def test_a_stray_quote_costs_its_own_line_only(stray: str, following: int) -> None:
    text = f"{stray}\n" + "a,b,c\n" * following + f"{stray}\n" + "a,b,c\n" * following
    found = read(text, ",", 3)
    assert [(record.line, record.raw) for record in found if record.problem] == [(1, stray), (following + 2, stray)]
    assert good(found) == [["a", "b", "c"]] * (2 * following)


def test_a_bad_line_within_a_quoted_row() -> None:
    found = read('a,"b\na\0,b,c\na,b,c\n', ",", 3)
    assert [record.line for record in found if record.problem] == [1, 2]
    assert good(found) == [["a", "b", "c"]]


def test_rows_of_another_width() -> None:
    short, long = read("a;b\na;b;c;d\n", ";", 3)
    assert short.problem == "cut short: 2 cells under a header of 3"
    assert long.problem == "too long: 4 cells under a header of 3"


@given(st.lists(st.text('aé;," \n'), min_size=2, max_size=5))
def test_cells_between_commas_come_back(cells: list[str]) -> None:
    cells = ["not blank", *cells]
    assert good(read(join_cells(cells, ",") + "\n", ",", len(cells))) == [cells]


@pytest.mark.parametrize("cell", ["a;b", '"a"', "a\nb"])
def test_cells_that_semicolons_cannot_hold_are_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        join_cells(["x", cell], ";")
