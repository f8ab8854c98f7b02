from alerts.console.words import WORDS, field_name, language_of, theme_name
from alerts.quantities import QUANTITIES
from alerts.wording import THEMES


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["fr"].keys() == WORDS["en"].keys()


def test_every_theme_and_field_has_a_name() -> None:
    for theme in (*THEMES["fr"], "model"):
        assert theme_name(theme, "fr") != theme_name(theme, "en")
    for field in (*QUANTITIES, "expert_rule", "in_proceeding", "schedule_running"):
        assert field_name(field, "fr") != field
    assert (theme_name("new", "fr"), field_name("new_field", "en")) == ("New", "new_field")


def test_a_browsers_language() -> None:
    assert language_of("", "fr") == "fr"
    assert language_of("de-DE, en;q=0.4, fr;q=0.8", "en") == "fr"
    assert language_of("en;q=x", "fr") == "en", "where only one is asked for, its weight does not matter"
