from datetime import date

from alerts.alert import Source
from alerts.rendering import reasons_in, render
from alerts.wording import reasons
from tests.alerts.samples import DUMONT, an_alert


def test_everything_an_agent_needs_is_there() -> None:
    lines = [line.replace("\u00a0", " ") for line in render(DUMONT)]
    assert lines[0].startswith("Risque fort : ATELIERS DUMONT")
    assert lines[1:] == [
        "  • La dette sociale accroît le risque.",
        "  au 31/01/2019 · alerte 0123456789abcdef01234567",
        "  Données : impayés au 20/01/2019 (11 jours), effectifs au 01/12/2018 (61 jours)",
    ]


def test_the_age_of_the_data_is_counted_to_the_alert_s_own_date() -> None:
    alert = an_alert(sources=[Source("payment-delay", date(2019, 1, 30)), Source("x\x1b", date(2019, 2, 3))])
    assert (
        render(alert, "en")[-1] == "  Data: unpaid contributions to 2019-01-30 (1 day), x\ufffd to 2019-02-03 (0 days)"
    )
    assert render(an_alert(sources=[]))[-1].startswith("  au 31/01/2019")


def test_reasons_follow_the_reader_s_language_only_where_nothing_is_rewritten() -> None:
    alert = an_alert(reasons=reasons("raised", "strong", "none", DUMONT.themes, DUMONT.evidence, "fr"), kind="raised")
    assert reasons_in(alert, "fr") == alert.reasons
    assert reasons_in(alert, "en")[0].startswith("Social-security debt raises the risk")
    assert reasons_in(DUMONT, "en") == DUMONT.reasons


def test_reasons_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in "".join(render(an_alert(reasons=["a\x1b[2Jb\nc"])))
