from pathlib import Path

from detectors.events import Firm
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("sirene_ul", tmp_path) == Firm(
        siren="123456789",
        siret=None,
        known_at=None,
        name="ÉTABLISSEMENTS DURAND",
        department=None,
        activity="52.21Z",
        active=False,
        legal_form="5499",
    )


def test_a_person_is_named_by_both_names(tmp_path: Path) -> None:
    def name(**cells: str) -> str | None:
        found: str | None = only_event("sirene_ul", tmp_path, denominationUniteLegale="", **cells).name
        return found

    assert name() == "DUPONT Anne"
    assert name(prenomUsuelUniteLegale="") == "DUPONT Marie"
    assert name(prenomUsuelUniteLegale="", prenom1UniteLegale="") == "DUPONT"
    assert name(nomUniteLegale="") is None
    assert name(nomUniteLegale="[ND]", prenomUsuelUniteLegale="[ND]") is None
    assert len(name(nomUniteLegale="x" * 256) or "") == 256
