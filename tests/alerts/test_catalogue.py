from pathlib import Path

import pytest

from alerts import catalogue
from detectors.errors import UnusableInput

GOOD = """
[ccsf]
title = {fr = "CCSF", en = "CCSF"}
text = {fr = "Un plan.", en = "A plan."}
contact = {fr = "la DDFiP", en = "the DDFiP"}
source = "https://entreprendre.service-public.gouv.fr/vosdroits/F38326"
"""


def test_the_shipped_measures_are_known_to_agents() -> None:
    measures = catalogue.read(None)
    assert {"delai-urssaf", "ccsf", "mediation-credit", "codefi", "crp", "mandat-ad-hoc", "conciliation"} < {*measures}
    assert {"activite-partielle", "fdes", "ciri"} < {*measures}
    for code, measure in measures.items():
        texts = (measure.title, measure.text, measure.contact)
        assert all(len(text.fr) > 3 and len(text.en) > 3 for text in texts), code
        assert len(measure.text.fr) < 200, "read in one look"


def test_a_file_of_ones_own_takes_their_place(tmp_path: Path) -> None:
    path = tmp_path / "measures.toml"
    path.write_text(GOOD)
    measures = catalogue.read(path)
    assert [*measures] == ["ccsf"]
    assert catalogue.known(measures, "ccsf") == "ccsf"
    with pytest.raises(UnusableInput, match="'codefi' is no measure of the catalogue: ccsf"):
        catalogue.known(measures, "codefi")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[ccsf", "is not TOML"),
        ("", "holds no table"),
        (GOOD.replace("[ccsf]", "[CCSF]"), r"\[CCSF\] cannot be a name"),
        (GOOD + "headcount = 3", r"\[ccsf\] Object contains unknown field `headcount`"),
        (GOOD + 'least_headcount = "ten"', r"\[ccsf\] Expected `float \| null`, got `str` - at `\$.least_headcount`"),
        (GOOD + 'themes = ["money"]', r"\[ccsf\] Invalid enum value 'money' - at `\$.themes\[0\]`"),
        (GOOD.replace('en = "A plan."', 'en = " "'), r"\[ccsf\] text.en is empty"),
        (GOOD.replace(', en = "A plan."', ""), r"\[ccsf\] .*`en` - at `\$.text`"),
        (GOOD.replace("https:", "http:"), r"\[ccsf\] source is 'http:.*https address"),
        (GOOD.replace("https:", "javascript:"), r"\[ccsf\] source is"),
        (GOOD + "tiers = []", r"\[ccsf\] tiers is empty"),
        (GOOD + "least_debt_euros = -1", r"\[ccsf\] least_debt_euros is below 0"),
        (GOOD + "least_headcount = 9\nmost_headcount = 3", r"\[ccsf\] least_headcount is above most_headcount"),
        (GOOD + 'sectors = ["industry"]', r"\[ccsf\] sectors has 'industry'"),
    ],
)
def test_what_is_wrong_is_told_with_file_measure_and_field(line: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "measures.toml"
    path.write_text(line)
    with pytest.raises(UnusableInput, match=says) as told:
        catalogue.read(path)
    assert str(told.value).startswith(str(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"No such file.*--measures"):
        catalogue.read(tmp_path / "none.toml")
