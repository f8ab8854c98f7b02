from pathlib import Path

from detectors.events import Firm
from tests.streams.partner_files import VALID, ingested, only_event, only_reject, written


def test_the_seat_tells_about_the_firm(tmp_path: Path) -> None:
    assert only_event("sirene", tmp_path) == Firm(
        siren="123456789",
        siret="98765432109876",
        known_at=None,
        name=None,
        department="2A",
        activity="52.21Z",
        active=True,
        legal_form=None,
    )


def test_other_establishments_are_skipped(tmp_path: Path) -> None:
    result = ingested(written(tmp_path / "s.csv", "sirene", [VALID["sirene"] | {"etablissementSiege": "false"}]))
    assert (result.report.total().skipped, result.events, result.rejects) == (1, [], [])
    assert result.report.failure() is None


def test_the_postal_code_stands_in_for_the_commune(tmp_path: Path) -> None:
    for commune in ("", "[ND]", "20004"):
        assert only_event("sirene", tmp_path, codeCommuneEtablissement=commune).department == "2A"
    unknown = {"codeCommuneEtablissement": "", "codePostalEtablissement": ""}
    assert only_event("sirene", tmp_path, **unknown).department is None
    assert only_event("sirene", tmp_path, codePostalEtablissement="?").department == "2A"
    bad = {"codeCommuneEtablissement": "", "codePostalEtablissement": "?"}
    assert only_reject("sirene", tmp_path, **bad).column == "codePostalEtablissement"


def test_whatever_is_not_active_is_not(tmp_path: Path) -> None:
    assert only_event("sirene", tmp_path, etatAdministratifEtablissement="F").active is False
    assert only_event("sirene", tmp_path, etatAdministratifEtablissement="").active is None
