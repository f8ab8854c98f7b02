from datetime import date
from pathlib import Path

from detectors.events import Contribution
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("cotisation", tmp_path) == Contribution(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2018, 7, 1),
        account="C1",
        period_start=date(2018, 4, 1),
        period_end=date(2018, 7, 1),
        due=100.25,
        paid=12.5,
    )


def test_what_is_not_written_is_unknown_and_not_zero(tmp_path: Path) -> None:
    assert only_event("cotisation", tmp_path, enc_direct="").paid is None
    assert only_event("cotisation", tmp_path, enc_direct="0").paid == 0
