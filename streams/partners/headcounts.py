"""What both wide kinds share: a column a month, a headcount a filled cell, known when the month is over."""

from collections.abc import Iterable, Iterator

import polars as pl

from detectors.events import Headcount
from streams.partners.column import Column
from streams.partners.dates import next_month
from streams.partners.month_headers import write_month_header
from streams.partners.numbers import COUNT
from streams.partners.row import Row
from streams.partners.rows import ROW, Fields, Rows
from streams.partners.whole import nothing

MONTHLY = Column("effYYYYQM", "employees in month M of quarter Q; empty is unknown", COUNT, unit="people")


def headcounts(row: Row, siren: str, siret: str | None, account: str | None) -> list[Headcount]:
    """One event a filled month of the row. Raises BadCell: a bad month rejects the row, as any bad cell does."""
    return [
        Headcount(
            siren=siren,
            siret=siret,
            known_at=row.known(name, next_month(month)),
            account=account,
            month=month,
            headcount=count,
        )
        for name, month, count in row.months(MONTHLY)
    ]


def headcounts_of_many(rows: Rows, siren: pl.Series, siret: pl.Series | None, account: pl.Series | None) -> Fields:
    """The same for many rows; each column given has a value a row."""
    cells = rows.months(MONTHLY, next_month)
    unknown = nothing(len(cells.row))
    return {
        ROW: cells.row,
        "siren": siren.gather(cells.row),
        "siret": unknown if siret is None else siret.gather(cells.row),
        "known_at": cells.month.map(next_month),
        "account": unknown if account is None else account.gather(cells.row),
        "month": cells.month,
        "headcount": cells.value,
    }


def by_row(events: Iterable[Headcount]) -> Iterator[tuple[Headcount, dict[str, str]]]:
    """The events of a firm, establishment and account together: one of them, and all their month cells."""
    rows: dict[tuple[str, str | None, str | None], tuple[Headcount, dict[str, str]]] = {}
    for event in events:
        _, cells = rows.setdefault((event.siren, event.siret, event.account), (event, {}))
        cells[write_month_header(event.month)] = COUNT.write(event.headcount)
    return iter(rows.values())
