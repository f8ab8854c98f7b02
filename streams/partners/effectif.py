"""`effectif`: headcounts of establishments, wide: one column a month."""

from collections.abc import Iterable, Iterator

from detectors.events import Headcount
from streams.partners.column import Column
from streams.partners.firm_of import establishment, establishments
from streams.partners.headcounts import MONTHLY, by_row, headcounts, headcounts_of_many
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT

ACCOUNT_NUMBER = Column(
    "compte", "URSSAF account; the SIRET's headcount is the sum of its accounts'", ACCOUNT, presence="optional"
)
ESTABLISHMENT = Column("siret", "the establishment", SIRET)


def _parse(row: Row) -> list[Headcount]:
    siren, siret = establishment(row, ESTABLISHMENT)
    return headcounts(row, siren, siret, row.may(ACCOUNT_NUMBER))


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    return headcounts_of_many(rows, siren, siret, rows.fast(ACCOUNT_NUMBER))


def _rows(events: Iterable[Headcount]) -> Iterator[dict[str, str]]:
    for event, months in by_row(events):
        yield dict((ACCOUNT_NUMBER.cell(event.account), ESTABLISHMENT.cell(event.siret))) | months


KIND = Kind(
    name="effectif",
    about="headcounts of establishments (URSSAF)",
    delimiter=";",
    header=header_names("compte;siret;rais_soc;ape_ins;dep"),
    columns=(ACCOUNT_NUMBER, ESTABLISHMENT),
    event=Headcount,
    parse=_parse,
    parse_many=_parse_many,
    rows=_rows,
    monthly=MONTHLY,
)
