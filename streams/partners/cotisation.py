"""`cotisation`: contributions due and paid, one row an account and period."""

from collections.abc import Iterable
from operator import itemgetter

from detectors.events import Contribution
from streams.partners.column import Column
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.numbers import EUROS
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT
from streams.partners.urssaf import URSSAF_PERIOD

ESTABLISHMENT = Column("Siret", "the establishment", SIRET)
ACCOUNT_NUMBER = Column("Compte", "URSSAF account", ACCOUNT)
PERIOD = Column("periode", "the period of the contribution; it is known when the period ends", URSSAF_PERIOD)
PAID = Column("enc_direct", "paid; empty is unknown, not zero", EUROS, unit="euros", presence="present")
DUE = Column("cotis_due", "due", EUROS, unit="euros", presence="present")


def _parse(row: Row) -> list[Contribution]:
    siren, siret = establishment(row, ESTABLISHMENT)
    start, end = row.need(PERIOD)
    event = Contribution(
        siren=siren,
        siret=siret,
        known_at=row.known(PERIOD, end),
        account=row.need(ACCOUNT_NUMBER),
        period_start=start,
        period_end=end,
        due=row.may(DUE),
        paid=row.may(PAID),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    period = rows.need_coded(PERIOD)
    end = period.map(itemgetter(1))
    return {
        "siren": siren,
        "siret": siret,
        "known_at": rows.known(end),
        "account": rows.need(ACCOUNT_NUMBER),
        "period_start": period.map(itemgetter(0)),
        "period_end": end,
        "due": rows.may(DUE),
        "paid": rows.may(PAID),
    }


def _cells(event: Contribution) -> Iterable[tuple[str, str]]:
    return (
        ESTABLISHMENT.cell(event.siret),
        ACCOUNT_NUMBER.cell(event.account),
        PERIOD.cell((event.period_start, event.period_end)),
        PAID.cell(event.paid),
        DUE.cell(event.due),
    )


KIND = Kind(
    name="cotisation",
    about="contributions due and paid (URSSAF)",
    delimiter=";",
    header=header_names("Urssaf_gestion;Dep;Siret;Compte;periode;mer;enc_direct;cotis_due"),
    columns=(ESTABLISHMENT, ACCOUNT_NUMBER, PERIOD, PAID, DUE),
    event=Contribution,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
