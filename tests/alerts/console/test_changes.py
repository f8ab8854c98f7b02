"""What has changed between two alerts, and what a snooze would have hidden."""

from datetime import timedelta

import redis

from alerts.actions import Actor, Snooze
from alerts.console.changes import LABELS, changes, snooze_preview
from alerts.wording import TIERS
from tests.alerts.console import site
from tests.alerts.making import NOW, evidence, live
from tests.alerts.publishing import Bench

FIRM = "123456789"


def test_the_last_alert_beside_the_one_before_whatever_their_order() -> None:
    first = live(0, tier="moderate", probability=0.2, evidence=evidence(headcount=40.0, debt_employee_euros=100.0))
    last = live(30, probability=0.5, evidence=evidence(headcount=40.0, debt_employee_euros=9000.0, unpaid_ratio=0.25))
    found = changes([last, live(-30), first], "en")
    assert found is not None
    assert found["since"] == "Alert before of 2026-03-01."
    assert [(before, now) for _, before, now in found["rows"]] == [
        (TIERS["en"]["moderate"], TIERS["en"]["strong"]),
        ("20%", "50%"),
        ("€100", "€9,000"),
        ("–", "25%"),
    ]


def test_nothing_of_a_first_alert_and_no_row_where_all_is_the_same() -> None:
    assert changes([live()], "fr") is None
    same = changes([live(), live(1)], "fr")
    assert same is not None
    assert same["rows"] == []


def test_a_snooze_would_have_hidden_what_did_not_rise(client: redis.Redis, bench: Bench) -> None:
    site.put(
        client, bench.metrics, live(), live(1), live(2), live(3, kind="jump", probability=0.6), live(4, probability=0.6)
    )
    history = site.desk(client).history("21", FIRM)
    assert [entry.action for entry in history] == ["opened", "joined", "joined", "rose", "joined"]
    assert "hidden 3 alert(s); 1 would have woken" in snooze_preview(history, NOW, "en")
    assert "hidden 0 alert(s); 0 would have woken" in snooze_preview(history, NOW + timedelta(days=400), "en")
    # What was told comes true.
    site.desk(client).act("21", FIRM, Snooze("x"), Actor("a.martin"))
    site.put(client, bench.metrics, live(5, probability=0.6))
    assert site.desk(client).get("21", FIRM).state == "snoozed"
    site.put(client, bench.metrics, live(6, kind="jump", probability=0.9))
    assert site.desk(client).get("21", FIRM).state == "new"


def test_both_languages_have_the_same_words() -> None:
    assert LABELS["fr"].keys() == LABELS["en"].keys()
