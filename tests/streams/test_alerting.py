import math
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from alerts.alert import Alert, Origin, alert_id, encode
from alerts.language import Language
from detectors.events import Clock, Contribution
from detectors.evidence import Quantity
from detectors.models import prior
from detectors.past import Past, Schedule
from detectors.telling import Decision
from streams.alerting import alert_of

CAUSE = Clock(known_at=date(2018, 2, 1))
RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = prior()
DECISION = Decision(
    siren="012345678",
    name="NOM",
    department="2A",
    activity="62.01Z",
    kind="raised",
    tier=2,
    previous_tier=0,
    logit=0.5,
    probability=1 / (1 + math.exp(-0.5)),
    previous_logit=-3.0,
    previous_probability=1 / (1 + math.exp(3.0)),
    themes=[("debt", 3.0), ("model", 0.5)],
    evidence=[Quantity("debt_employee_euros", 5000.0, math.nan)],
    past=Past(
        month=2018 * 12,
        employee_debt=[7, None],
        employer_debt=[],
        due=[None, 5],
        paid=[None, 0],
        hours_used=[],
        hours_authorised=[],
        headcount=[12, 13],
        schedule=Schedule(736_180, 900),
        proceeding=("sauvegarde", 736_200),
    ),
    cause=CAUSE,
    day=date(2018, 1, 31).toordinal(),
    sources=[("payment-delay", date(2018, 1, 15).toordinal())],
    position=7,
)


def alert(decision: Decision = DECISION, language: Language = "fr") -> Alert:
    return alert_of(decision, MODEL, Origin("vigie.events", 3, 42), RAISED_AT, language)


def test_every_part_of_a_decision_is_in_its_alert() -> None:
    found = alert()
    assert (found.siren, found.name, found.department, found.activity) == ("012345678", "NOM", "2A", "62.01Z")
    assert (found.tier, found.previous_tier, found.kind) == ("strong", "none", "raised")
    assert (found.as_of, found.raised_at) == (date(2018, 1, 31), RAISED_AT)
    assert found.model_version == MODEL.version
    assert (found.thresholds.moderate, found.thresholds.strong) == (0.11, 0.35)
    assert [(e.field, e.value, e.previous) for e in found.evidence] == [("debt_employee_euros", 5000.0, None)]
    assert found.causes == [{"type": "clock", "known_at": "2018-02-01"}]
    assert [(s.source, s.known_to) for s in found.sources] == [("payment-delay", date(2018, 1, 15))]
    assert (found.source.topic, found.source.partition, found.source.offset) == ("vigie.events", 3, 42)


def test_the_months_of_a_decision_are_in_its_alert_and_what_is_empty_is_not() -> None:
    assert msgspec.json.decode(encode(alert()))["months"] == {
        "last": "2018-01",
        "employee": [7, None],
        "due": [None, 5],
        "paid": [None, 0],
        "headcount": [12, 13],
        "schedule": {"until": "2016-08-04", "euros": 900},
        "proceeding": {"action": "sauvegarde", "since": "2016-08-24"},
    }


def test_themes_sum_to_the_change_of_the_log_odds() -> None:
    found = alert()
    change = math.log(found.probability / (1 - found.probability)) - math.log(
        found.previous_probability / (1 - found.previous_probability)
    )
    assert sum(theme.contribution for theme in found.themes) == pytest.approx(change, abs=1e-9)


def test_the_reader_s_language() -> None:
    assert "dette" in alert().reasons[0]
    assert "debt" in alert(language="en").reasons[0]
    assert alert().id == alert(language="en").id


def test_the_id_is_the_event_s_not_its_record_s() -> None:
    assert alert().id == alert_id("012345678", "raised", "none", "strong", {"type": "clock", "known_at": "2018-02-01"})
    elsewhere = alert_of(DECISION, MODEL, Origin("replay", 0, 0), datetime(2030, 1, 1, tzinfo=UTC), "fr")
    assert elsewhere.id == alert().id


def test_a_correction_that_raises_again_is_another_alert() -> None:
    """Two contributions of one period have one identity: what they say tells their alerts apart."""
    first = Contribution(
        siren="012345678",
        siret="01234567800011",
        known_at=date(2018, 2, 1),
        account="a",
        period_start=date(2018, 1, 1),
        period_end=date(2018, 2, 1),
        due=1000.0,
        paid=100.0,
    )
    corrected = msgspec.structs.replace(first, paid=200.0)
    alerts = [alert(replace(DECISION, cause=event)) for event in (first, corrected, first)]
    assert alerts[0].causes == alerts[1].causes
    assert alerts[0].id != alerts[1].id
    assert alerts[0].id == alerts[2].id
