"""`apconso`: partial unemployment paid, one row a request and month; its reason is that of its request."""

from collections.abc import Iterable
from datetime import date

from detectors.events import PartialUnemploymentUse
from streams.partners.column import Column
from streams.partners.dates import ISO_DATE, next_month
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.numbers import COUNT, EUROS, HOURS
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT

REQUEST = Column("ID_DA", "the request", ACCOUNT)
ESTABLISHMENT = Column("ETAB_SIRET", "the establishment", SIRET)
HOURS_PAID = Column("HEURES", "hours paid", HOURS, unit="hours", presence="optional")
AMOUNT = Column("MONTANTS", "amount paid", EUROS, unit="euros", presence="optional")
HEADCOUNT = Column("EFFECTIFS", "employees concerned", COUNT, unit="people", presence="optional")
MONTH = Column("MOIS", "any day of the month; it is known when the month is over", ISO_DATE)


def _month(day: date) -> date:
    return day.replace(day=1)


def _parse(row: Row) -> list[PartialUnemploymentUse]:
    siren, siret = establishment(row, ESTABLISHMENT)
    month = _month(row.need(MONTH))
    event = PartialUnemploymentUse(
        siren=siren,
        siret=siret,
        known_at=row.known(MONTH, next_month(month)),
        request_id=row.need(REQUEST),
        month=month,
        hours=row.may(HOURS_PAID),
        amount=row.may(AMOUNT),
        headcount=row.may(HEADCOUNT),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    month = rows.need_coded(MONTH).map(_month)
    return {
        "siren": siren,
        "siret": siret,
        "known_at": rows.known(month.map(next_month)),
        "request_id": rows.need(REQUEST),
        "month": month,
        "hours": rows.may(HOURS_PAID),
        "amount": rows.may(AMOUNT),
        "headcount": rows.may(HEADCOUNT),
    }


def _cells(event: PartialUnemploymentUse) -> Iterable[tuple[str, str]]:
    return (
        REQUEST.cell(event.request_id),
        ESTABLISHMENT.cell(event.siret),
        HOURS_PAID.cell(event.hours),
        AMOUNT.cell(event.amount),
        HEADCOUNT.cell(event.headcount),
        MONTH.cell(event.month),
    )


KIND = Kind(
    name="apconso",
    about="partial unemployment used",
    delimiter=",",
    header=header_names("ID_DA,ETAB_SIRET,HEURES,MONTANTS,EFFECTIFS,MOIS"),
    columns=(REQUEST, ESTABLISHMENT, HOURS_PAID, AMOUNT, HEADCOUNT, MONTH),
    event=PartialUnemploymentUse,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
