import numpy as np
import pytest

from streams.cells import Delimiter
from streams.lines import LONGEST_LINE_BYTES
from streams.scan import Scan, scan


def odd_lines(data: bytes, delimiter: Delimiter = ";", width: int = 3) -> list[int]:
    return np.flatnonzero(scan(data, delimiter, width).odd).tolist()


def plain_text(found: Scan) -> bytes:
    return found.text(~(found.odd | found.empty))


def test_lines_of_another_width_are_odd() -> None:
    assert odd_lines(b"a;b;c\na;b\n;;\na;b;c;d\n\n  \na;b;c") == [1, 3, 5]


def test_bytes_that_a_column_reader_would_take_its_own_way_are_odd() -> None:
    assert odd_lines(b"\xef\xbb\xbfa;b;c\na;b\0;c\na;b\r;c\na;b;c\r\r\na;b;c\r\n") == [0, 1, 2, 3]


def test_a_line_beyond_measure_is_odd() -> None:
    assert odd_lines(b"a;b;c\na;b;" + b"c" * LONGEST_LINE_BYTES + b"\na;b;c\n") == [1]


def test_quotes_between_semicolons_are_bytes_like_others() -> None:
    found = scan(b'a;"b;c"\n"a;b;c\n"a";"b"\n', ";", 3)
    assert found.odd.tolist() == [False, False, True]
    assert found.quoted


@pytest.mark.parametrize(
    "line",
    [b'"a",b,c', b'"a,b",c,d', b'a,"",""', b'a,"b ""c""",d', b'"""a""",b,c', b'"a,""b"",c",d,""', b'"""","""""",c'],
)
def test_cells_whole_in_quotes_are_plain_between_commas(line: bytes) -> None:
    assert odd_lines(line + b"\n" + line, ",") == []


@pytest.mark.parametrize(
    "line", [b'a",b,c', b'"a"x,b,c', b'a,"b,c', b'a,b,c"', b'a,"b,c\nd",e', b'a, "b",c', b'"a,b,c"', b'"a"b"c",d,e']
)
def test_other_quotes_are_odd_between_commas(line: bytes) -> None:
    assert 0 in odd_lines(line + b"\na,b,c\n", ",")


def test_a_line_of_one_cell_that_may_be_blank_is_odd() -> None:
    assert odd_lines(b"a\n \n\xc2\xa0\n\n1", ";", 1) == [1, 2]


def test_what_is_not_utf_8_is_latin_1_a_line_at_a_time() -> None:
    found = scan("é;b;c\n".encode() + "é;b;c\n".encode("latin-1") + b"a;b;c\r\n", ";", 3)
    assert plain_text(found).decode() == "é;b;c\né;b;c\na;b;c\n"


@pytest.mark.parametrize(
    "keep", [[True, False, True], [False, True, False], [True] * 3, [False] * 3, [True, True, False]]
)
def test_kept_lines_are_whole(keep: list[bool]) -> None:
    lines = [b"a;b;c\n", b"\n", b"d;e;f\n"]
    kept = b"".join(line for line, wanted in zip(lines, keep, strict=True) if wanted)
    assert scan(b"".join(lines), ";", 3).text(np.array(keep)) == kept


@pytest.mark.parametrize(
    "blank", [" ", "\t", "\x1c", "\u00a0", "\u0085", "\u1680", "\u2003", "\u2028", "\u205f", "\u3000"]
)
@pytest.mark.parametrize("place", ["{}a;b;c", "a;{}b;c", "a;b{};c", "a;b;c{}", '"{}a";b;c'])
def test_white_space_around_a_cell_is_noticed(blank: str, place: str) -> None:
    assert blank.isspace()
    assert scan(f"a;b;c\n{place.format(blank)}\n".encode(), ";", 3).padded


def test_white_space_within_cells_and_accents_are_not_padding() -> None:
    assert not scan("é b;c d;eé\n;;\n".encode(), ";", 3).padded


def test_blocks_of_many_pieces_are_one_scan() -> None:
    line = b"a;b;c;" + b"d" * 1000 + b"\n"
    found = scan(line * 2000 + b"a;b\n" + line * 2000, ";", 4)
    assert np.flatnonzero(found.odd).tolist() == [2000]
    assert plain_text(found) == line * 4000
