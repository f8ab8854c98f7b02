"""Rows that no parser should accept, as real files have some: one fault a row, of a known sort."""

from collections.abc import Callable
from typing import NamedTuple

from streams.simulate.formats import HEADERS, SEPARATORS, header


class Fault(NamedTuple):
    """A sort of fault, and how it spoils the cells of a row."""

    sort: str
    spoil: Callable[[list[str]], list[str]]


def faults(kind: str) -> tuple[Fault, ...]:
    """The faults that make a row of a kind unusable whole; the wide kinds and the registers only know bad numbers."""
    return _FAULTS[kind]


def _replaced(kind: str, column: str, text: str) -> Callable[[list[str]], list[str]]:
    place = header(kind, []).index(column)
    return lambda cells: [*cells[:place], text, *cells[place + 1 :]]


def _cut(cells: int) -> Callable[[list[str]], list[str]]:
    return lambda row: row[:cells]


def _of(kind: str, number: str, day: tuple[str, str], amount: tuple[str, str] | None, cut: int) -> tuple[Fault, ...]:
    bad_number = '"1234567890123"' if SEPARATORS[kind] == "," else "1234567890123"
    found = [
        Fault("bad SIRET", _replaced(kind, number, bad_number)),
        Fault("bad SIRET", _replaced(kind, number, "12345678O00012")),
        Fault("bad date", _replaced(kind, *day)),
        Fault("missing cells", _cut(cut)),
    ]
    if amount is not None:
        found.append(Fault("letters in an amount", _replaced(kind, *amount)))
    return tuple(found)


def _numbered(kind: str, column: str, text: str) -> tuple[Fault, ...]:
    return (Fault("bad SIREN" if column == "siren" else "bad SIRET", _replaced(kind, column, text)),)


_FAULTS: dict[str, tuple[Fault, ...]] = {
    "debit": _of("debit", "Siret", ("Dt_trt_ecn", "1181399"), ("Mt_PP", "12O4b"), 8),
    "cotisation": _of("cotisation", "Siret", ("periode", "201888"), ("cotis_due", "1x2,50"), 4),
    "delai": _of("delai", "Siret", ("Date_creation", "32/13/2019"), ("Montant_global_echeancier", "mille"), 5),
    "ccsf": _of("ccsf", "Siret", ("Date_de_traitement", "1181399"), None, 4),
    "procol": _of("procol", "Siret", ("Dt_effet", "31FOO2019"), None, 2),
    "apdemande": _of("apdemande", "ETAB_SIRET", ("DATE_STATUT", '"2019-13-45"'), ("HTA", "x12"), 4),
    "apconso": _of("apconso", "ETAB_SIRET", ("MOIS", '"2019-13-45"'), ("HEURES", "beaucoup"), 3),
    "effectif": _numbered("effectif", "siret", "1234567890123"),
    "effectif_ent": _numbered("effectif_ent", "siren", "12345678X"),
    "sirene": _numbered("sirene", "siren", "12345678X"),
    "sirene_ul": _numbered("sirene_ul", "siren", "12345678X"),
}

if set(_FAULTS) != set(SEPARATORS) or not set(HEADERS) < set(SEPARATORS):
    raise AssertionError("every kind has its faults and its header")
