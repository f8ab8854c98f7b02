from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Evidence, Kind, Theme, ThemeName, Tier
from alerts.language import LANGUAGES, Language
from alerts.quantities import QUANTITIES, SWITCHES
from alerts.wording import reasons

EVIDENCE = [
    Evidence("debt_employer_euros", 45200.0, 12300.0),
    Evidence("debt_employee_euros", 8100.0, 8100.0),
    Evidence("headcount", 38.0, 42.0),
    Evidence("unpaid_ratio", 0.31, 0.05),
]


def test_the_strongest_theme_comes_first_with_what_moved() -> None:
    themes = [Theme("headcount", 0.4), Theme("debt", 1.1), Theme("contributions", -0.5), Theme("schedules", 0.01)]
    assert reasons("raised", "strong", "none", themes, EVIDENCE) == [
        (
            "La dette sociale accroît le risque\u00a0: la part patronale des cotisations impayées passe de "
            "12\u202f300\u00a0€ à 45\u202f200\u00a0€."
        ),
        "L'évolution de l'effectif accroît le risque\u00a0: l'effectif passe de 42 à 38\u00a0salariés.",
    ]


def test_a_lowered_alert_tells_what_brought_the_risk_down() -> None:
    themes = [Theme("headcount", 0.4), Theme("contributions", -0.5)]
    [sentence] = reasons("lowered", "none", "moderate", themes, [Evidence("unpaid_ratio", 0.05, 0.31)], "en")
    assert sentence == (
        "The payment of contributions lowers the risk: the unpaid share of the contributions due over twelve months "
        "goes from 31% to 5%."
    )


def test_where_nothing_moved_under_a_theme_what_is_known_is_said() -> None:
    [sentence] = reasons("jump", "strong", "strong", [Theme("debt", 1.0)], [EVIDENCE[1]])
    assert sentence.endswith("la part salariale des cotisations impayées reste de 8\u202f100\u00a0€.")
    assert reasons("jump", "strong", "strong", [Theme("debt", 1.0)], []) == ["La dette sociale accroît le risque."]


def test_a_change_of_the_model_is_called_one() -> None:
    [sentence] = reasons("raised", "moderate", "none", [Theme("model", 0.7)], EVIDENCE)
    assert sentence.startswith("Le modèle ou l'ensemble des entreprises a changé")
    assert "plus élevé" in sentence


def test_entering_a_procedure_is_said_first() -> None:
    said = reasons("lowered", "none", "strong", [Theme("debt", -1.0)], [Evidence("in_proceeding", 1.0, 0.0)])
    assert said[0] == "L'entreprise est entrée en procédure collective\u00a0: son risque n'est plus évalué."
    assert said[1:] == ["La dette sociale réduit le risque."]


def test_the_expert_rule_is_told_when_it_applies_and_when_it_ends() -> None:
    on = reasons("raised", "strong", "moderate", [], [Evidence("expert_rule", 1.0, 0.0)])
    off = reasons("lowered", "moderate", "strong", [], [Evidence("expert_rule", 0.0, 1.0)])
    never = reasons("lowered", "moderate", "strong", [], [Evidence("expert_rule", 0.0, None)])
    assert "plus de 20\u00a0%" in on[0]
    assert "ne s'applique plus" in off[0]
    assert never == [
        "Le niveau passe de «\u00a0risque fort\u00a0» à «\u00a0risque modéré\u00a0» sans qu'un facteur domine."
    ]


def test_what_is_not_known_is_said_in_general_words() -> None:
    said = reasons("raised", "strong", "none", [Theme("weather", 1.0)], [Evidence("rain_mm", 3.5, None)])
    assert said == [
        "Un autre facteur («\u00a0weather\u00a0») accroît le risque.",
        "Autres données\u00a0: rain_mm (inconnu → 3,50).",
    ]


names = st.one_of(st.sampled_from([*get_args(ThemeName)]), st.text(max_size=8))
fields = st.one_of(st.sampled_from([*QUANTITIES, *SWITCHES, "expert_rule"]), st.text(max_size=8))
numbers = st.one_of(st.none(), st.floats())


@given(
    kind=st.sampled_from(get_args(Kind)),
    tiers=st.tuples(st.sampled_from(get_args(Tier)), st.sampled_from(get_args(Tier))),
    themes=st.lists(st.builds(Theme, names, st.floats()), max_size=5),
    evidence=st.lists(st.builds(Evidence, fields, numbers, numbers), max_size=8),
    language=st.sampled_from(LANGUAGES),
)
def test_nothing_leaves_an_alert_without_a_reason(
    kind: Kind, tiers: tuple[Tier, Tier], themes: list[Theme], evidence: list[Evidence], language: Language
) -> None:
    said = reasons(kind, *tiers, themes, evidence, language)
    assert 1 <= len(said) <= 5
    assert all(sentence.endswith(".") for sentence in said)


def test_a_number_that_is_none_never_shows() -> None:
    evidence = [Evidence(field, float("nan"), float("inf")) for field in (*QUANTITIES, *SWITCHES, "expert_rule", "x")]
    themes = [Theme(name, 1.0) for name in get_args(ThemeName)]
    for language in LANGUAGES:
        said = reasons("raised", "strong", "none", themes, evidence, language)
        assert not any(word in sentence.split() for sentence in said for word in ("nan", "inf", "None"))


def test_no_line_breaks_before_a_french_mark() -> None:
    themes = [Theme(name, 1.0) for name in get_args(ThemeName)]
    for sentence in reasons("raised", "strong", "none", themes, EVIDENCE):
        assert not any(f" {mark}" in sentence for mark in ":;%€»")
