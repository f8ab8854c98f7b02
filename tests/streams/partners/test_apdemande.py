from datetime import date
from pathlib import Path

import pytest

from detectors.events import PartialUnemploymentRequest
from tests.streams.partner_files import only_event


def test_a_row(tmp_path: Path) -> None:
    assert only_event("apdemande", tmp_path) == PartialUnemploymentRequest(
        siren="123456789",
        siret="12345678901234",
        known_at=date(2018, 2, 3),
        request_id="D1",
        firm_headcount=16,
        headcount=12,
        start=date(2018, 2, 1),
        end=date(2018, 7, 31),
        hours=1000.5,
        amount=7000.25,
        authorised_headcount=10,
        reason=1,
        scope="2",
        hours_used=151.67,
        headcount_used=3,
        amount_used=900.5,
    )


@pytest.mark.parametrize("reason", range(1, 8))
def test_reasons(reason: int, tmp_path: Path) -> None:
    assert only_event("apdemande", tmp_path, MOTIF_RECOURS_SE=str(reason)).reason == reason
