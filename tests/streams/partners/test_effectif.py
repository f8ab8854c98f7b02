from datetime import date
from pathlib import Path

from detectors.errors import UnusableInput
from detectors.events import Headcount
from tests.streams.partner_files import VALID, ingested, written


def test_a_row_gives_an_event_a_known_month(tmp_path: Path) -> None:
    facts = ingested(written(tmp_path / "effectif.csv", "effectif", [VALID["effectif"]])).facts
    common = {"siren": "123456789", "siret": "12345678901234", "account": "C1"}
    assert facts == [
        Headcount(known_at=date(2018, 2, 1), month=date(2018, 1, 1), headcount=12, **common),
        Headcount(known_at=date(2018, 4, 1), month=date(2018, 3, 1), headcount=16, **common),
    ]


def test_zero_employees_are_known(tmp_path: Path) -> None:
    (fact,) = ingested(written(tmp_path / "e.csv", "effectif", [{"siret": "12345678901234", "eff201811": "0"}])).facts
    assert isinstance(fact, Headcount)
    assert (fact.headcount, fact.account) == (0, None)


def test_a_row_without_any_month_is_neither_event_nor_reject(tmp_path: Path) -> None:
    result = ingested(written(tmp_path / "e.csv", "effectif", [VALID["effectif"] | {"eff201811": "", "eff201813": ""}]))
    assert (result.report.total().rows, result.events, result.rejects) == (1, [], [])


def test_a_month_that_is_misspelt_or_repeated_is_told(tmp_path: Path) -> None:
    for header in (["siret", "eff201811", "eff201815"], ["siret", "eff201811", "EFF201811"]):
        result = ingested(written(tmp_path / "e.csv", "effectif", [VALID["effectif"]], header), kind="effectif")
        failure = result.report.failure()
        assert isinstance(failure, UnusableInput)
        assert header[2].lower() in str(failure).lower()


def test_a_month_without_one_after_it_is_in_the_future(tmp_path: Path) -> None:
    header = ["siret", "eff999943"]
    rows = [{"siret": "12345678901234", "eff999943": "1"}, {"siret": "12345678901234"}]
    (reject,) = ingested(written(tmp_path / "e.csv", "effectif", rows, header), kind="effectif").rejects
    assert (reject.column, "in the future" in reject.reason) == ("eff999943", True)
