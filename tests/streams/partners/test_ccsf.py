from datetime import date
from pathlib import Path

from detectors.events import DebtCommission
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("ccsf", tmp_path) == DebtCommission(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2018, 2, 3),
        account="C1",
        processed_on=date(2018, 2, 3),
        stage="APPROB",
        action="SAISIE",
    )
