import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Evidence
from alerts.language import LANGUAGES
from alerts.quantities import QUANTITIES, SWITCHES, clause, moved, theme_of, written


@pytest.mark.parametrize(
    ("evidence", "french"),
    [
        (Evidence("headcount", 1.0, 2.0), "l'effectif passe de 2 à 1\u00a0salarié"),
        (Evidence("headcount", 38.0, 42.0), "l'effectif passe de 42 à 38\u00a0salariés"),
        (Evidence("headcount", 38.0, 38.4), "l'effectif reste de 38\u00a0salariés"),
        (Evidence("headcount", 38.0, None), "l'effectif est de 38\u00a0salariés"),
        (Evidence("headcount", None, 42.0), "on ne connaît plus l'effectif (42\u00a0salariés auparavant)"),
        (Evidence("headcount", float("nan"), 42.0), "on ne connaît plus l'effectif (42\u00a0salariés auparavant)"),
        (Evidence("headcount", None, None), None),
        (
            Evidence("debt_growth_3m_ratio", 1.44, -0.2),
            "la variation de la dette sur trois mois passe de −0,2 à +1,4\u00a0mois de cotisations",
        ),
        (
            Evidence("unpaid_ratio", 0.31, 0.05),
            "la part impayée des cotisations dues sur douze mois passe de 5\u00a0% à 31\u00a0%",
        ),
        (
            Evidence("partial_unemployment_hours_12m", 1450.0, 120.0),
            "l'activité partielle consommée en douze mois passe de 120 à 1\u202f450\u00a0h",
        ),
        (Evidence("schedule_running", 1.0, None), "un échéancier de paiement est en cours"),
        (Evidence("schedule_running", 0.0, 1.0), "aucun échéancier de paiement n'est plus en cours"),
        (Evidence("schedule_running", 0.0, None), None),
        (Evidence("moon_phase", 1.0, 2.0), None),
    ],
)
def test_a_clause_says_before_and_now(evidence: Evidence, french: str | None) -> None:
    assert clause(evidence, "fr") == french


def test_every_quantity_has_its_words_in_both_languages() -> None:
    assert len(QUANTITIES) == 13
    for field in (*QUANTITIES, *SWITCHES):
        assert theme_of(field)
        for language in LANGUAGES:
            said = clause(Evidence(field, 3.0, 1.0), language)
            assert said
            assert said != clause(Evidence(field, 3.0, 1.0), "en" if language == "fr" else "fr")


def test_only_what_shows_has_moved() -> None:
    assert moved(Evidence("debt_age_months", 4.0, 3.0))
    assert not moved(Evidence("debt_employee_euros", 100.2, 100.4))
    assert not moved(Evidence("debt_employee_euros", float("nan"), None))
    assert moved(Evidence("moon_phase", 0.1, None))


near = st.floats(-3, 3) | st.floats(-1e7, 1e7) | st.none()


@given(st.builds(Evidence, st.sampled_from([*QUANTITIES, "moon_phase"]), near, near))
def test_what_has_moved_has_in_every_language(evidence: Evidence) -> None:
    assert moved(evidence, "fr") == moved(evidence, "en")
    if moved(evidence) and evidence.field in QUANTITIES and evidence.value is not None:
        before = Evidence(evidence.field, evidence.previous, evidence.previous)
        assert clause(evidence, "fr") != clause(before, "fr")


def test_values_as_a_table_has_them() -> None:
    assert written("debt_employer_euros", 45200.0, "en") == "€45,200"
    assert written("headcount", 38.0, "fr") == "38\u00a0salariés"
    assert written("headcount", None, "fr") == written("headcount", float("nan"), "fr") == "–"
    assert (written("moon_phase", 0.125, "fr"), written("moon_phase", 2.0, "fr")) == ("0,12", "2")
