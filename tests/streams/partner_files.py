"""What the tests of partner files share: a valid row a kind, and files written and read back."""

import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from detectors.events import AnyEvent, Clock, FirmEvent
from streams import ingest
from streams.cells import join_cells
from streams.partners import KINDS
from streams.rejects import Reject
from streams.report import Report

TODAY = date(2026, 6, 1)

VALID: dict[str, dict[str, str]] = {
    "debit": {
        "Urssaf_gestion": "939", "Dep": "27", "num_cpte": "111982477292496174", "Siren": "000000000",
        "Siret": "00000000000000", "Dt_immat": "20150708", "Etat_cpte": "5", "Cd_pro_col": "0", "Periode": "201712",
        "Num_Ecn": "659", "Num_Hist_Ecn": "9", "Dt_trt_ecn": "990505", "Mt_PO": "195907", "Mt_PP": "864497",
        "Cd_op_ecn": "3", "Motif_ecn": "74", "Recours_en_cours": "0",
    },
    "cotisation": {
        "Siret": "12345678901234", "Compte": "C1", "periode": "1820", "enc_direct": "12,50", "cotis_due": "100.25",
    },
    "delai": {
        "Siret": "12345678901234", "Numero_compte_externe": "C1", "Numero_structure": "S1",
        "Date_creation": "03/02/2018", "Date_echeance": "03/02/2019", "Duree_delai": "365",
        "Montant_global_echeancier": "1234,56", "Code_externe_stade": "APPROB", "Code_externe_action": "SUR PO",
    },
    "ccsf": {
        "Siret": "12345678901234", "Compte": "C1", "Date_de_traitement": "1180203", "Code_externe_stade": "APPROB",
        "Code_externe_action": "SAISIE",
    },
    "procol": {
        "Siret": "12345678901234", "Siren": "123456789", "Dt_effet": "26MAY2014",
        "Lib_actx_stdx": "Solde_procedure_redressement",
    },
    "apdemande": {
        "ID_DA": "D1", "ETAB_SIRET": "12345678901234", "EFF_ENT": "16.0", "EFF_ETAB": "12", "DATE_STATUT": "2018-02-03",
        "DATE_DEB": "2018-02-01", "DATE_FIN": "2018-07-31T00:00:00.000Z", "HTA": "1000.5", "MTA": "7000,25",
        "EFF_AUTO": "10", "MOTIF_RECOURS_SE": "1", "PERIMETRE_AP": "2", "S_HEURE_CONSOM_TOT": "151.67",
        "S_EFF_CONSOM_TOT": "3", "S_MONTANT_CONSOM_TOT": "900,5",
    },
    "apconso": {
        "ID_DA": "D1", "ETAB_SIRET": "12345678901234", "HEURES": "311.54", "MONTANTS": "214.0", "EFFECTIFS": "2.0",
        "MOIS": "2018-02-15",
    },
    "effectif": {"compte": "C1", "siret": "12345678901234", "eff201811": "12", "eff201812": "", "eff201813": "16.0"},
    "effectif_ent": {"siren": "123456789", "eff201811": "12", "eff201812": "", "eff201813": "16.0"},
    "sirene": {
        "siren": "123456789", "siret": "98765432109876", "etablissementSiege": "true",
        "codePostalEtablissement": "20167", "codeCommuneEtablissement": "2A004",
        "activitePrincipaleEtablissement": "52.21Z", "etatAdministratifEtablissement": "A",
    },
    "sirene_ul": {
        "siren": "123456789", "denominationUniteLegale": "ÉTABLISSEMENTS DURAND", "nomUniteLegale": "DUPONT",
        "prenom1UniteLegale": "Marie", "prenomUsuelUniteLegale": "Anne", "categorieJuridiqueUniteLegale": "5499",
        "activitePrincipaleUniteLegale": "52.21Z", "etatAdministratifUniteLegale": "C",
    },
}  # fmt: skip
"""A row that can be read, a kind."""


class Ingested(NamedTuple):
    """What came of some files."""

    events: list[AnyEvent]
    report: Report
    rejects: list[Reject]

    @property
    def facts(self) -> list[FirmEvent]:
        """The events without the clocks."""
        return [event for event in self.events if not isinstance(event, Clock)]


def ingested(*paths: Path, **options: Any) -> Ingested:
    """The files, read on `TODAY`."""
    report, rejects = Report(), list[Reject]()
    chosen: dict[str, Any] = {"today": TODAY, "on_reject": rejects.append} | options
    found = list(ingest.events(paths, report, **chosen))
    return Ingested(found, report, rejects)


def written(path: Path, kind: str, rows: Sequence[Mapping[str, str]], header: Sequence[str] = ()) -> Path:
    """A file of the kind, with the partner's header or the one given; a cell not given is empty."""
    path.write_bytes(content(kind, rows, header))
    return path


def content(kind: str, rows: Sequence[Mapping[str, str]], header: Sequence[str] = ()) -> bytes:
    """The bytes of such a file, in UTF-8 and with LF."""
    names = list(header) or header_of(kind, rows)
    table = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(join_cells(cells, KINDS[kind].delimiter) + "\n" for cells in table).encode()


def header_of(kind: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The partner's header, and the columns of the rows that it does not have: months."""
    known = KINDS[kind].header
    return [*known, *dict.fromkeys(name for row in rows for name in row if name not in known)]


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    """The names in another order, with two columns that no kind knows."""
    mixed = [*names, "unknown_1", "unknown_2"]
    random.Random(seed).shuffle(mixed)
    return mixed


def only_event(kind: str, folder: Path, **changes: str) -> Any:
    """The single event of the valid row with some cells changed; fails if it gives another number."""
    result = ingested(written(folder / f"{kind}.csv", kind, [VALID[kind] | changes]))
    assert not result.rejects
    (event,) = result.facts
    return event


def only_reject(kind: str, folder: Path, **changes: str) -> Reject:
    """The reject of the valid row with some cells changed; fails if it gives any event."""
    result = ingested(written(folder / f"{kind}.csv", kind, [VALID[kind] | changes]))
    assert not result.events
    (reject,) = result.rejects
    return reject
