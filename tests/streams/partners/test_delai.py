from datetime import date
from pathlib import Path

from detectors.events import PaymentSchedule
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("delai", tmp_path) == PaymentSchedule(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2018, 2, 3),
        account="C1",
        case_number="S1",
        created_on=date(2018, 2, 3),
        due_on=date(2019, 2, 3),
        duration_days=365,
        amount=1234.56,
        stage="APPROB",
        action="SUR PO",
    )
