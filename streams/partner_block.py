"""A block of a partner file to events, in columns; rows that columns are not sure of go the way of single rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.events import FirmEvent
from streams import event_columns
from streams.blocks import Block
from streams.cells import Delimiter, Record
from streams.partners import BadCell, Kind, Layout, Row
from streams.partners.coded import Coder
from streams.partners.rows import ROW, Rows
from streams.row_way import CutShort, RowWay
from streams.scan import Scan, scan

LINE = "line"
"""Beside the fields of events, the line of the file (Int64, the header's being 1 or more) that each comes from."""

_WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x110000))))


@dataclass(frozen=True)
class File:
    """What the blocks of a file have in common. `coders` is shared by threads that read its blocks."""

    kind: Kind[Any]
    layout: Layout
    latest: date
    few: int
    """Rows of a block up to which each is read on its own."""
    coders: dict[str, Coder[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class BlockRows:
    """A block whose rows are known: the lines that are `plain`, one row each, and the rows of the odd ones."""

    way: RowWay
    scan: Scan
    plain: NDArray[np.bool_]
    odd: Sequence[Record]


class Refused(NamedTuple):
    """A row to reject; `why` is the reason without the row's own values."""

    record: Record
    column: str | None
    reason: str
    why: str


class Parsed(NamedTuple):
    """What became of a block: its events by line, how many rows it had and how many were skipped, the rejects."""

    events: pl.DataFrame
    rows: int
    skipped: int
    refused: Sequence[Refused]


def split(block: Block, delimiter: Delimiter, width: int) -> tuple[BlockRows, int | None]:
    """A block's rows. A row that goes on after the block is left out with all after it: it begins at the byte returned,
    else None.
    """
    way, scanned = RowWay(block, delimiter, width), scan(block.data, delimiter, width)
    plain, odd, after = ~(scanned.odd | scanned.empty), list[Record](), 0
    for index in np.flatnonzero(scanned.odd).tolist():
        if index < after:
            continue
        try:
            record, after = way.row(index)
        except CutShort:
            plain[index:] = False
            return BlockRows(way, scanned, plain, odd), int(way.starts[index])
        plain[index:after] = False
        if record is not None:
            odd.append(record)
    return BlockRows(way, scanned, plain, odd), None


def parse(rows: BlockRows, file: File) -> Parsed:
    """The events of a block, and its rejects in the order of lines."""
    numbers = np.flatnonzero(rows.plain)
    if len(numbers) <= file.few:
        return _few(rows, numbers, file)
    many = Rows(file.layout, _cells(rows, file), file.latest, file.coders)
    events = _table(many, file, numbers + rows.way.block.first)
    unsure = [rows.way.row(index)[0] for index in numbers[~many.sure.to_numpy()].tolist()]
    records = sorted([*rows.odd, *filter(None, unsure)])
    skipped = 0 if many.wanted is None else int((many.sure & ~many.wanted).sum())
    return _with_records(Parsed(events, len(numbers) + len(rows.odd), skipped, ()), records, file)


def _few(rows: BlockRows, numbers: NDArray[np.intp], file: File) -> Parsed:
    """The same, every row on its own."""
    records = sorted([*rows.odd, *filter(None, (rows.way.row(index)[0] for index in numbers.tolist()))])
    nothing = event_columns.table_of(file.kind.event, []).with_columns(pl.Series(LINE, [], pl.Int64))
    return _with_records(Parsed(nothing, len(records), 0, ()), records, file)


def _table(many: Rows, file: File, lines: NDArray[np.int64]) -> pl.DataFrame:
    """The events of the rows that are sure."""
    fields = file.kind.parse_many(many)
    sure = many.sure if many.wanted is None else many.sure & many.wanted
    line = pl.Series(LINE, lines)
    if ROW in fields:
        row = fields[ROW]
        assert isinstance(row, pl.Series)
        line, sure = line.gather(row), sure.gather(row)
    events = event_columns.table(file.kind.event, fields).with_columns(line)
    return events if sure.all() else events.filter(sure)


def _with_records(parsed: Parsed, records: Sequence[Record], file: File) -> Parsed:
    """What was parsed, and what the parser of single rows says of these records."""
    if not records:
        return parsed
    events, numbers, skipped, refused = list[FirmEvent](), list[int](), 0, list[Refused]()
    for record in records:
        found = _parse_row(record, file)
        if found is None:
            skipped += 1
        elif isinstance(found, Refused):
            refused.append(found)
        else:
            events += found
            numbers += [record.line] * len(found)
    table = parsed.events
    if events:
        more = event_columns.table_of(file.kind.event, events).with_columns(pl.Series(LINE, numbers, pl.Int64))
        table = pl.concat([table, more]).sort(LINE, maintain_order=True) if len(table) else more
    return Parsed(table, parsed.rows, parsed.skipped + skipped, refused)


def _parse_row(record: Record, file: File) -> Sequence[FirmEvent] | Refused | None:
    if record.problem:
        return Refused(record, None, record.problem, record.problem)
    try:
        return file.kind.parse(Row(file.layout, record.cells, file.latest))
    except BadCell as bad:
        return Refused(record, bad.column, bad.reason, bad.why)


def _cells(rows: BlockRows, file: File) -> pl.DataFrame:
    """The cells of the plain lines that the kind reads, a column a place, stripped, null where empty."""
    places = sorted([place for place, _ in file.layout.places.values()] + [place for place, _, _ in file.layout.months])
    text = rows.scan.text(rows.plain)
    if not text:
        return pl.DataFrame(schema={str(place): pl.String for place in places})
    between_commas = file.kind.delimiter == ","
    cells = pl.read_csv(
        text,
        has_header=False,
        separator=file.kind.delimiter,
        quote_char='"' if between_commas and rows.scan.quoted else None,
        schema={str(place): pl.String for place in range(file.layout.width)},
        columns=places,
    ).rechunk()
    for step in _cleaning(rows.scan, between_commas=between_commas):
        cells = cells.select(step)
    return cells


def _cleaning(scanned: Scan, *, between_commas: bool) -> Iterator[pl.Expr]:
    """What is left to do to the cells, in turn: most blocks need nothing."""
    stripped = pl.all().str.strip_chars(_WHITE_SPACE)
    if scanned.padded:
        yield stripped
    if scanned.quoted and not between_commas:
        yield _unwrapped(pl.all())
        yield stripped
    if scanned.padded or scanned.quoted:
        yield pl.when(pl.all() != "").then(pl.all())


def _unwrapped(cells: pl.Expr) -> pl.Expr:
    """Cells that stand whole in quotes, without them: what `cells` does between semicolons."""
    wrapped = cells.str.contains('(?s)^".*"$')
    return pl.when(wrapped).then(cells.str.slice(1, cells.str.len_chars() - 2)).otherwise(cells)
