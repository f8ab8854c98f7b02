"""`sirene_ul`: INSEE's stock of legal units: the firm's name and legal form."""

from collections.abc import Iterable

from detectors.events import Firm
from streams.partners.column import Column
from streams.partners.identifiers import SIREN
from streams.partners.insee import STATE, clear
from streams.partners.kind import Kind, each, header_names
from streams.partners.row import Row
from streams.partners.texts import NAME, SHORT_CODE

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
    rows=each(_cells),
)
