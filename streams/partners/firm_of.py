"""Which firm a row is about."""

import polars as pl

from streams.partners.column import Column
from streams.partners.identifiers import SIREN_LENGTH
from streams.partners.row import Row
from streams.partners.rows import Rows
from streams.partners.whole import either


def establishment(row: Row, siret: Column[str], siren: Column[str] | None = None) -> tuple[str, str | None]:
    """The firm and its establishment: the SIREN is the first 9 digits of the SIRET.

    Where the SIRET is empty and the row has a SIREN of its own, the establishment is None. Raises BadCell.
    """
    number = row.may(siret)
    if number is not None:
        return number[:SIREN_LENGTH], number
    firm = row.may(siren) if siren else None
    if firm is None:
        raise row.bad(siret, "empty, and no event can do without it")
    return firm, None


def establishments(rows: Rows, siret: Column[str], siren: Column[str] | None = None) -> tuple[pl.Series, pl.Series]:
    """The same for many rows: SIRENs and SIRETs."""
    number = rows.fast(siret)
    firm = number.str.head(SIREN_LENGTH)
    if siren is not None:
        firm = either(firm, rows.fast(siren, rows.text(siret).is_null()))
    rows.require(firm.is_not_null())
    return firm, number
