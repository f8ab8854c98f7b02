from datetime import date
from pathlib import Path

from detectors.events import Headcount
from tests.streams.partner_files import VALID, ingested, written


def test_a_row_is_of_the_firm_itself(tmp_path: Path) -> None:
    facts = ingested(written(tmp_path / "effectif_ent.csv", "effectif_ent", [VALID["effectif_ent"]])).facts
    assert facts[0] == Headcount(
        siren="123456789", siret=None, known_at=date(2018, 2, 1), account=None, month=date(2018, 1, 1), headcount=12
    )
    assert len(facts) == 2
