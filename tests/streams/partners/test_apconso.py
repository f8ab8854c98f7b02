from datetime import date
from pathlib import Path

from detectors.events import PartialUnemploymentUse
from tests.streams.partner_files import only_event, only_reject


def test_a_row(tmp_path: Path) -> None:
    assert only_event("apconso", tmp_path) == PartialUnemploymentUse(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2018, 3, 1),
        request_id="D1",
        month=date(2018, 2, 1),
        hours=311.54,
        amount=214.0,
        headcount=2,
    )


def test_the_last_month_of_a_year(tmp_path: Path) -> None:
    event = only_event("apconso", tmp_path, MOIS="2020-12-30")
    assert (event.month, event.known_at) == (date(2020, 12, 1), date(2021, 1, 1))


def test_a_month_without_one_after_it_is_in_the_future(tmp_path: Path) -> None:
    assert "in the future" in only_reject("apconso", tmp_path, MOIS="9999-12-01").reason
