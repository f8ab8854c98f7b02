"""What both wide kinds share: a column a month, a headcount a filled cell, known when the month is over."""

from collections.abc import Iterable, Iterator

from detectors.events import Headcount
from detectors.months import first_day, month_of
from streams.partners.column import Column
from streams.partners.month_headers import write_month_header
from streams.partners.numbers import COUNT
from streams.partners.row import Row

MONTHLY = Column("effYYYYQM", "employees in month M of quarter Q; empty is unknown", COUNT, unit="people")


def headcounts(row: Row, siren: str, siret: str | None, account: str | None) -> list[Headcount]:
    """One event a filled month of the row. Raises BadCell: a bad month rejects the row, as any bad cell does."""
    return [
        Headcount(
            siren=siren,
            siret=siret,
            known_at=row.known(name, first_day(month_of(month) + 1)),
            account=account,
            month=month,
            headcount=count,
        )
        for name, month, count in row.months(MONTHLY)
    ]


def by_row(events: Iterable[Headcount]) -> Iterator[tuple[Headcount, dict[str, str]]]:
    """The events of a firm, establishment and account together: one of them, and all their month cells."""
    rows: dict[tuple[str, str | None, str | None], tuple[Headcount, dict[str, str]]] = {}
    for event in events:
        _, cells = rows.setdefault((event.siren, event.siret, event.account), (event, {}))
        cells[write_month_header(event.month)] = COUNT.write(event.headcount)
    return iter(rows.values())
