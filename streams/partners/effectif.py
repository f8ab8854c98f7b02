"""`effectif`: headcounts of establishments, wide: one column a month."""

from collections.abc import Iterable, Iterator

from detectors.events import Headcount
from streams.partners.column import Column
from streams.partners.firm_of import establishment
from streams.partners.headcounts import MONTHLY, by_row, headcounts
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, header_names
from streams.partners.row import Row
from streams.partners.texts import ACCOUNT

ACCOUNT_NUMBER = Column(
    "compte", "URSSAF account; the SIRET's headcount is the sum of its accounts'", ACCOUNT, presence="optional"
)
ESTABLISHMENT = Column("siret", "the establishment", SIRET)


def _parse(row: Row) -> list[Headcount]:
    siren, siret = establishment(row, ESTABLISHMENT)
    return headcounts(row, siren, siret, row.may(ACCOUNT_NUMBER))


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
    rows=_rows,
    monthly=MONTHLY,
)
