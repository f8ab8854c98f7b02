"""Strategies: partner files as they may come, good and broken, of every kind."""

import re
from typing import Any

from hypothesis import strategies as st

from streams.cells import join_cells
from streams.partners import KINDS
from tests.streams.partner_events import EVENTS
from tests.streams.partner_files import VALID, header_of

ODD_CELLS = [
    "", " ", '"', '""', '" 1 "', "x" * 65, "é" * 40, "é" * 65, "x" * 1025, "\u00a0", "12 ", "\u20281", "\x1c1",
    "\ufeff1", "٣", "0", "1", "-1", "+1", "-0", "1.0", "1,0", "1.5", "1,50", ".5", "5.", "1e3", "inf", "nan", "0x1",
    "1_0", "--1", "1234567890123456", "123456789012345678901234567890", "0.1234567890123456789", "1000000000",
    "1000000001", "2.0000000", "2.00000000000000000001", "999999999.999999", "1000000000000", "1000000000000,01",
    "195907.5", "195907.00", "99999999999999", "100000000000000", "100000000000001", "123456789", "12345678901234",
    "1234567890123", "1234567890123A", "990505", "1181303", "1200229", "201812", "1862", "201854", "199904", "997862",
    "999962", "9962", "26MAY2014", "26mai2014", "31feb2014", "03/02/2018", "30/02/2018", "31/12/9999", "2018-02-03",
    "2018-02-30", "2018-02-03T10:00:00Z", "9999-12-31", "1979-12-31", "2026-06-03", "true", "FALSE", "2", "[ND]",
    "2A004", "20000", "97411", "75056", "7", "8", "A", "F", "Liquidation", "sauvegarde_x",
]  # fmt: skip
"""Cells at or past the limits of some format."""

odd_cells = st.sampled_from(ODD_CELLS) | st.text(max_size=5).filter(lambda text: not re.search(r"[\n\r]", text))
ODD_BYTES = [
    b'"',
    b'""',
    b";",
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xe9",
    b"\xc3\xa9",
    b"\xff",
    b" ",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
]


@st.composite
def files(draw: st.DrawFn, kind: str) -> bytes:
    """A file of that kind: written events and valid rows, some cells replaced, then some bytes."""
    header, rows = _table(draw, kind)
    for _ in range(draw(st.integers(0, 4)) if rows else 0):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(header) - 1))] = draw(odd_cells)
    delimiter = KINDS[kind].delimiter
    wrapped = draw(st.booleans())
    lines = [_line([f'"{cell}"' for cell in row] if wrapped else row, delimiter, plain=wrapped) for row in rows]
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    encoding = draw(st.sampled_from(["utf-8", "latin-1"]))
    body = b"".join(line.encode(encoding, "ignore") + end for line in lines)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.sampled_from(ODD_BYTES)) + body[place + draw(st.integers(0, 2)) :]
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + _line(header, delimiter).encode() + end + body.removesuffix(draw(st.sampled_from([b"", end])))


def _table(draw: st.DrawFn, kind: str) -> tuple[list[str], list[list[str]]]:
    if draw(st.booleans()):
        events: list[Any] = draw(st.lists(EVENTS[kind], min_size=1, max_size=3))
        return KINDS[kind].table(events)
    header = list(draw(st.permutations([*header_of(kind, [VALID[kind]]), "unknown"])))
    row = [VALID[kind].get(name, "") for name in header]
    return header, [list(row) for _ in range(draw(st.integers(0, 8)))]


def _line(cells: list[str], delimiter: Any, *, plain: bool = False) -> str:
    """A line of these cells; one that cannot be spelled as it should is spelled as it can."""
    if not plain:
        try:
            return join_cells(cells, delimiter)
        except ValueError:
            pass
    return str(delimiter).join(cells)
