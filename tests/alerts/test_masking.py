"""What is masked is nowhere: in no field, no text and no mark, whatever the alert holds."""

from itertools import combinations

import msgspec
import pytest

from alerts import alert as alerts
from alerts.actions import Actor, CastVote, Follow, apply
from alerts.alert import Evidence, Source, Theme
from alerts.cases import Case
from alerts.history import Entry, of_action, of_alert, read
from alerts.joining import join
from alerts.masking import (
    ALL_DATA,
    DATA,
    NOTHING,
    Masked,
    action_of,
    alert_fields,
    alert_of,
    case_fields,
    case_of,
    entry_of,
)
from alerts.quantities import QUANTITIES, SWITCHES
from detectors.events import EVENT_TYPES
from tests.alerts.making import NOW, live
from tests.alerts.samples import MONTHS

# Values that stand nowhere else, by whose they are.
FIGURES = {
    "urssaf": {
        "debt_employer_euros": 918273.0,
        "debt_employee_euros": 827364.0,
        "unpaid_ratio": 0.7365,
        "contribution_monthly_euros": 645546.0,
        "schedule_amount_euros": 554637.0,
        "expert_rule": 1.0,
    },
    "dgefp": {"partial_unemployment_hours_12m": 463728.0, "partial_unemployment_hours_month": 372819.0},
    "": {"headcount": 281.0},
}
ALERT = live(
    evidence=[Evidence(name, value, None) for group in FIGURES.values() for name, value in group.items()]
    + [Evidence("of_tomorrow", 192837.0, 1.0)],
    themes=[Theme("debt", 0.8123), Theme("partial-unemployment", 0.3123), Theme("headcount", 0.2)],
    probability=0.3417,
    model_version="model-7",
    reasons=["La dette est de 918 273 €, l'activité partielle de 463 728 h."],
    causes=[
        {"type": name, "siren": "123456789"} for name in ("payment-delay", "partial-unemployment-use", "headcount")
    ],
    sources=[Source(name, live().as_of) for name in ("contribution", "partial-unemployment-request", "headcount")],
)
SUBSETS = [frozenset(some) for size in range(1, len(DATA) + 1) for some in combinations(DATA, size)]


def case() -> Case:
    made = join(None, ALERT, "21", 45.0).case
    assert made is not None
    voted = apply(made, CastVote(True), Actor("a.martin"), NOW)
    assert isinstance(voted, Case)
    return msgspec.structs.replace(
        voted, debt_euros=736455.0, schedule_running=True, escalated_at=NOW, strong_since=NOW
    )


@pytest.mark.parametrize("masked", SUBSETS, ids=lambda masked: "-".join(sorted(masked)))
def test_nothing_of_it_is_left(masked: Masked) -> None:
    for language in ("fr", "en"):
        alert = msgspec.json.encode(alert_fields(ALERT, masked, language)).decode()
        text = alert.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", "")
        for data, figures in FIGURES.items():
            for name, value in figures.items():
                assert (f'"{name}"' in alert) == (data not in masked), name
                if value > 1000 and data in masked:
                    assert f"{value:.0f}" not in text
        assert "192837" not in text, "of what nothing is known of, nobody is shown"
        assert ("payment-delay" in alert, '"contribution"' in alert) == ("urssaf" not in masked,) * 2 or (
            # A theme has the key `contribution` as well.
            "score" not in masked
        )
        assert ("partial-unemployment-use" in alert) == ("dgefp" not in masked)
        assert ("0.3417" in alert, "0.8123" in alert, "model-7" in alert) == ("score" not in masked,) * 3
        for field in ("tier", "previous_tier", "kind", "probability", "thresholds", "themes", "reasons"):
            assert (f'"{field}":' in alert) == ("score" not in masked), field
    shown = msgspec.json.encode(case_fields(case(), masked)).decode()
    assert ("736455" in shown, "schedule_running" in shown) == ("urssaf" not in masked,) * 2
    assert ("strong" in shown, "0.3417" in shown, "model-7" in shown) == ("score" not in masked,) * 3
    typed = case_of(case(), masked)
    assert (typed.debt_euros, typed.schedule_running) == ((None, False) if "urssaf" in masked else (736455.0, True))
    assert (typed.escalated_at is None) == ("score" in masked)
    assert (alert_of(ALERT, masked, "fr").themes == []) == ("score" in masked)


def test_who_sees_all_sees_it_as_it_is() -> None:
    assert alert_of(ALERT, NOTHING, "fr") is ALERT
    assert msgspec.json.encode(alert_fields(ALERT, NOTHING, "fr")) == alerts.encode(ALERT)
    assert case_of(case(), NOTHING) == case()
    assert msgspec.convert(case_fields(case(), NOTHING), Case) == case()


def test_reasons_are_worded_without_the_figures() -> None:
    (debt, *_) = alert_of(ALERT, frozenset({"urssaf"}), "fr").reasons
    assert debt == "La dette sociale accroît le risque."
    ruled = live(themes=[Theme("debt", -0.1)], evidence=[Evidence("expert_rule", 1.0, 0.0)], previous_tier="strong")
    assert alert_of(ruled, frozenset({"urssaf"}), "fr").reasons == [], "no other factor is made up"
    assert alert_of(ALERT, frozenset({"bdf"}), "fr").reasons == ALERT.reasons


def entries() -> list[Entry]:
    made: list[Entry] = []
    joined = join(None, ALERT, "21", 45.0)
    told = [of_alert(joined, ALERT)]
    followed = apply(case(), Follow("detection", "vu"), Actor("a.martin"), NOW)
    assert isinstance(followed, Case)
    told.append(of_action(Follow("detection", "vu"), case(), followed, "a.martin", NOW))
    for fields in told:
        raw = [part if isinstance(part, bytes) else part.encode() for part in fields]
        made.append(read("21", b"1-0", dict(zip(raw[::2], raw[1::2], strict=True))))
    return made


def test_history_keeps_what_agents_did() -> None:
    opened, followed = entries()
    assert opened.details["probability"] == "0.3417"
    assert entry_of(opened, NOTHING) is opened
    for masked in SUBSETS:
        kept = [entry_of(entry, masked) for entry in (opened, followed)]
        assert [entry.state for entry in kept] == [None, None], "a whole case is in it"
        assert kept[1].details == followed.details == {"motive": "detection", "comment": "vu"}
        assert ("probability" in kept[0].details, "tier" in kept[0].details) == ("score" not in masked,) * 2
        assert kept[0].details["alert"] == ALERT.id
    score: Masked = frozenset({"score"})
    for action in ("rose", "fell", "woken", "escalated"):
        assert (action_of(action, score), action_of(action, ALL_DATA - score)) == ("joined", action)
        assert entry_of(opened._replace(action=action), score).action == "joined"
    assert action_of("take", ALL_DATA) == "take"


def test_every_field_and_event_of_today_is_somebodys_or_everybodys() -> None:
    some: Masked = frozenset({"bdf"})
    shown = alert_of(
        live(
            evidence=[Evidence(name, 1.0, None) for name in (*QUANTITIES, *SWITCHES, "expert_rule", "in_proceeding")],
            sources=[Source(name, live().as_of) for name in EVENT_TYPES],
        ),
        some,
        "fr",
    )
    assert len(shown.evidence) == len(QUANTITIES) + len(SWITCHES) + 2
    assert len(shown.sources) == len(EVENT_TYPES)


@pytest.mark.parametrize("masked", SUBSETS)
def test_months_are_masked_by_whose_they_are(masked: Masked) -> None:
    fields = alert_fields(live(months=MONTHS), masked, "fr")["months"]
    hidden = {"employee", "employer", "due", "paid", "schedule"} if "urssaf" in masked else set()
    hidden |= {"used", "authorised"} if "dgefp" in masked else set()
    assert set(fields) == set(msgspec.to_builtins(MONTHS)) - hidden
    assert alert_fields(live(), masked, "fr")["months"] is None


def test_a_masked_payment_schedule_is_in_no_notice() -> None:
    def told(notice: str, why: str) -> Entry:
        details = {"notice": notice, "why": why}
        return entry_of(Entry("21", "1-0", "opened", "1" * 9, 1, 1, "-", NOW, None, "new", details, None), masked)

    for masked in SUBSETS:
        if "urssaf" in masked:
            assert told("digest", "schedule") == told("push", "")
        assert told("digest", "late").details["why"] == "late"
