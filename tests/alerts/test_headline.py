from hypothesis import given
from hypothesis import strategies as st

from alerts.headline import department, headline
from tests.alerts.samples import an_alert


def test_a_strong_risk_in_french() -> None:
    assert headline(an_alert()).replace("\u00a0", " ") == (
        "Risque fort : ATELIERS DUMONT (SIREN 123 456 789, Côte-d'Or 21) — probabilité d'entrée en procédure "
        "collective à 18 mois : 34 % (12 % auparavant)"
    )


def test_each_kind_has_its_words() -> None:
    assert headline(an_alert(kind="jump")).startswith("Risque fort en forte hausse\u00a0: ")
    lowered = an_alert(kind="lowered", previous_tier="strong", tier="moderate")
    assert headline(lowered).startswith("Retour à un risque modéré\u00a0: ")
    assert headline(an_alert(kind="lowered", tier="none"), "en").startswith("Alert over: ATELIERS DUMONT")


def test_a_firm_without_name_or_department_is_still_told() -> None:
    text = headline(an_alert(name=None, department=None))
    assert "entreprise au nom inconnu (SIREN 123\u00a0456\u00a0789, département inconnu)" in text
    assert department("2B", "fr") == "Haute-Corse 2B"
    assert department("20", "fr") == "département inconnu 20"


@given(name=st.text(), code=st.text(max_size=4), siren=st.text(max_size=12))
def test_no_name_escapes_its_line(name: str, code: str, siren: str) -> None:
    for language in ("fr", "en"):
        text = headline(an_alert(name=name, department=code, siren=siren), language)
        assert text.isascii() or all(
            letter.isprintable() or letter in "\u00a0\u202f" or letter.isspace() for letter in text
        )
        assert len(text.splitlines()) == 1
        assert "\x1b" not in text
