"""`sirene_ul`: INSEE's stock of legal units: the firm's name and legal form."""

from collections.abc import Iterable

import polars as pl

from detectors.events import Firm
from streams.partners.column import Column
from streams.partners.identifiers import SIREN
from streams.partners.insee import STATE, clear, clear_column
from streams.partners.kind import Kind, each, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import NAME, SHORT_CODE
from streams.partners.whole import either, nothing

FIRM = Column("siren", "the firm", SIREN)
COMPANY_NAME = Column("denominationUniteLegale", "name of a company", NAME, presence="optional")
FAMILY_NAME = Column("nomUniteLegale", "family name of a person trading alone", NAME, presence="optional")
USUAL_FIRST_NAME = Column("prenomUsuelUniteLegale", "first name the person goes by", NAME, presence="optional")
FIRST_NAME = Column("prenom1UniteLegale", "first name, where there is no usual one", NAME, presence="optional")
LEGAL_FORM = Column("categorieJuridiqueUniteLegale", "legal category", SHORT_CODE, presence="optional")
ACTIVITY = Column("activitePrincipaleUniteLegale", "NAF code", SHORT_CODE, presence="optional")
ACTIVE = Column("etatAdministratifUniteLegale", "A is active, at extraction", STATE, presence="optional")

_LONGEST_NAME = 256


def _parse(row: Row) -> list[Firm]:
    event = Firm(
        siren=row.need(FIRM),
        siret=None,
        known_at=None,
        name=_name(row),
        department=None,
        activity=clear(row.may(ACTIVITY)),
        active=row.may(ACTIVE),
        legal_form=clear(row.may(LEGAL_FORM)),
    )
    return [event]


def _name(row: Row) -> str | None:
    """The company's name, else the person's: family name, then first name."""
    company = clear(row.may(COMPANY_NAME))
    if company:
        return company
    family, first = clear(row.may(FAMILY_NAME)), clear(row.may(USUAL_FIRST_NAME)) or clear(row.may(FIRST_NAME))
    return f"{family} {first}"[:_LONGEST_NAME] if family and first else family


def _parse_many(rows: Rows) -> Fields:
    return {
        "siren": rows.need(FIRM),
        "siret": nothing(len(rows)),
        "known_at": nothing(len(rows)),
        "name": _names(rows),
        "department": nothing(len(rows)),
        "activity": rows.coded(ACTIVITY).map(clear),
        "active": rows.may(ACTIVE),
        "legal_form": rows.coded(LEGAL_FORM).map(clear),
    }


def _names(rows: Rows) -> pl.Series:
    company = clear_column(rows.fast(COMPANY_NAME))
    unnamed = company.is_null()
    family = clear_column(rows.fast(FAMILY_NAME, unnamed))
    usual = clear_column(rows.fast(USUAL_FIRST_NAME, unnamed))
    first = either(usual, clear_column(rows.fast(FIRST_NAME, unnamed & usual.is_null())))
    person = either((family + " " + first).str.head(_LONGEST_NAME), family)
    return either(company, person)


def _cells(event: Firm) -> Iterable[tuple[str, str]]:
    return (
        FIRM.cell(event.siren),
        COMPANY_NAME.cell(event.name),
        LEGAL_FORM.cell(event.legal_form),
        ACTIVITY.cell(event.activity),
        ACTIVE.cell(event.active),
    )


KIND = Kind(
    name="sirene_ul",
    about="names of firms (INSEE StockUniteLegale)",
    delimiter=",",
    header=header_names(
        "siren,denominationUniteLegale,nomUniteLegale,prenom1UniteLegale,prenomUsuelUniteLegale,"
        "categorieJuridiqueUniteLegale,activitePrincipaleUniteLegale,etatAdministratifUniteLegale"
    ),
    columns=(FIRM, COMPANY_NAME, FAMILY_NAME, USUAL_FIRST_NAME, FIRST_NAME, LEGAL_FORM, ACTIVITY, ACTIVE),
    event=Firm,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
