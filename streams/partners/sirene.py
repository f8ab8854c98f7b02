"""`sirene`: INSEE's stock of establishments. Only the seat of a firm tells something about the firm."""

from collections.abc import Iterable

import polars as pl

from detectors.events import Firm
from streams.partners.column import Column
from streams.partners.flags import FLAG_WORD
from streams.partners.identifiers import SIREN, SIRET
from streams.partners.insee import COMMUNE_DEPARTMENT, POSTAL_DEPARTMENT, STATE, clear
from streams.partners.kind import Kind, each, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import SHORT_CODE
from streams.partners.whole import either, nothing

# Test files have SIRETs that do not begin with their SIREN: each column is taken at its word.
FIRM = Column("siren", "the firm", SIREN)
ESTABLISHMENT = Column("siret", "the establishment", SIRET, presence="optional")
SEAT = Column("etablissementSiege", "whether it is the firm's seat", FLAG_WORD)
COMMUNE = Column("codeCommuneEtablissement", "its commune, for the department", COMMUNE_DEPARTMENT, presence="optional")
POSTAL_CODE = Column(
    "codePostalEtablissement", "read only where the commune is unknown", POSTAL_DEPARTMENT, presence="optional"
)
ACTIVITY = Column("activitePrincipaleEtablissement", "NAF code", SHORT_CODE, presence="optional")
ACTIVE = Column("etatAdministratifEtablissement", "A is active, at extraction", STATE, presence="optional")


def _parse(row: Row) -> list[Firm] | None:
    siren = row.need(FIRM)
    if not row.need(SEAT):
        return None
    event = Firm(
        siren=siren,
        siret=row.may(ESTABLISHMENT),
        known_at=None,
        name=None,
        department=row.may(COMMUNE) or row.may(POSTAL_CODE),
        activity=clear(row.may(ACTIVITY)),
        active=row.may(ACTIVE),
        legal_form=None,
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren = rows.need(FIRM)
    seat = rows.need_coded(SEAT).column(pl.Boolean)
    rows.only(seat)
    commune = rows.coded(COMMUNE).column(pl.String)
    postal = rows.coded(POSTAL_CODE, commune.is_null()).column(pl.String)
    return {
        "siren": siren,
        "siret": rows.may(ESTABLISHMENT),
        "known_at": nothing(len(rows)),
        "name": nothing(len(rows)),
        "department": either(commune, postal),
        "activity": rows.coded(ACTIVITY).map(clear),
        "active": rows.may(ACTIVE),
        "legal_form": nothing(len(rows)),
    }


def _cells(event: Firm) -> Iterable[tuple[str, str]]:
    return (
        FIRM.cell(event.siren),
        ESTABLISHMENT.cell(event.siret),
        SEAT.cell(value=True),
        COMMUNE.cell(event.department),
        ACTIVITY.cell(event.activity),
        ACTIVE.cell(event.active),
    )


KIND = Kind(
    name="sirene",
    about="seats of firms (INSEE StockEtablissement)",
    delimiter=",",
    header=header_names(
        "siren,nic,siret,etablissementSiege,codePostalEtablissement,codeCommuneEtablissement,"
        "activitePrincipaleEtablissement,etatAdministratifEtablissement"
    ),
    columns=(FIRM, ESTABLISHMENT, SEAT, COMMUNE, POSTAL_CODE, ACTIVITY, ACTIVE),
    event=Firm,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
