"""`effectif_ent`: headcounts of firms, wide: one column a month."""

from collections.abc import Iterable, Iterator

from detectors.events import Headcount
from streams.partners.column import Column
from streams.partners.headcounts import MONTHLY, by_row, headcounts, headcounts_of_many
from streams.partners.identifiers import SIREN
from streams.partners.kind import Kind, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows

FIRM = Column("siren", "the firm", SIREN)


def _parse(row: Row) -> list[Headcount]:
    return headcounts(row, row.need(FIRM), None, None)


def _parse_many(rows: Rows) -> Fields:
    siren = rows.fast(FIRM)
    rows.require(siren.is_not_null())
    return headcounts_of_many(rows, siren, None, None)


def _rows(events: Iterable[Headcount]) -> Iterator[dict[str, str]]:
    for event, months in by_row(events):
        yield dict((FIRM.cell(event.siren),)) | months


KIND = Kind(
    name="effectif_ent",
    about="headcounts of firms (URSSAF)",
    delimiter=";",
    header=header_names("siren;rais_soc"),
    columns=(FIRM,),
    event=Headcount,
    parse=_parse,
    parse_many=_parse_many,
    rows=_rows,
    monthly=MONTHLY,
)
