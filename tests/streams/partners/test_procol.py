from datetime import date
from pathlib import Path

import pytest

from detectors.events import InsolvencyProceeding
from streams.partners.procol import parse_label
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("procol", tmp_path) == InsolvencyProceeding(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2014, 5, 26),
        effective_on=date(2014, 5, 26),
        action="redressement",
        stage="solde_procedure",
    )


@pytest.mark.parametrize(
    ("label", "action", "stage"),
    [
        ("Solde_procedure_redressement", "redressement", "solde_procedure"),
        ("liquidation", "liquidation", None),
        ("SAUVEGARDE_plan", "sauvegarde", "plan"),
        ("ouverture_Liquidation judiciaire_simplifiée", "liquidation", "ouverture_simplifiée"),
        ("redressement_fin_sauvegarde", "redressement", "fin_sauvegarde"),
        ("inclusion_autre_procedure_liquidation", "liquidation", "inclusion_autre_procedure"),
    ],
)
def test_labels(label: str, action: str, stage: str | None) -> None:
    assert parse_label(label) == (action, stage)


def test_a_firm_without_establishment(tmp_path: Path) -> None:
    event = only_event("procol", tmp_path, Siret="", Siren="999999999")
    assert (event.siren, event.siret) == ("999999999", None)
