"""Which firm a row is about."""

from streams.partners.column import Column
from streams.partners.row import Row


def establishment(row: Row, siret: Column[str], siren: Column[str] | None = None) -> tuple[str, str | None]:
    """The firm and its establishment: the SIREN is the first 9 digits of the SIRET.

    Where the SIRET is empty and the row has a SIREN of its own, the establishment is None. Raises BadCell.
    """
    number = row.may(siret)
    if number is not None:
        return number[:9], number
    firm = row.may(siren) if siren else None
    if firm is None:
        raise row.bad(siret, "empty, and no event can do without it")
    return firm, None
