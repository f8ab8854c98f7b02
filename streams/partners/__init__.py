"""Partner files: a pure parser a kind, both ways, and the table of kinds.

A kind is a `Kind`: the partner's header, the columns that are read (`Column`: name, meaning, unit, whether it must be
there, how it is spelled), `parse` from a `Row` to events, `parse_many` from `Rows`, a block at a time, to columns of
events, `rows` from events back. `parse` decides: what `parse_many` is not sure of is left to it. To add a kind: write
its file, add it to `KINDS`, and the contract tests take it up. Nothing here opens a file: `streams.ingest` does.
"""

from typing import Any

from streams.partners import (
    apconso,
    apdemande,
    ccsf,
    cotisation,
    debit,
    delai,
    effectif,
    effectif_ent,
    procol,
    sirene,
    sirene_ul,
)
from streams.partners.column import BadValue, Column, Format
from streams.partners.kind import Kind
from streams.partners.recognise import recognise
from streams.partners.row import BadCell, Layout, Row

__all__ = ["KINDS", "BadCell", "BadValue", "Column", "Format", "Kind", "Layout", "Row", "recognise"]

KINDS: dict[str, Kind[Any]] = {
    module.KIND.name: module.KIND
    for module in (
        sirene,
        sirene_ul,
        effectif_ent,
        effectif,
        cotisation,
        debit,
        delai,
        ccsf,
        apdemande,
        apconso,
        procol,
    )
}
"""The kinds, in the order that events known on the same day take: who the firm is, what it owes, what follows."""
