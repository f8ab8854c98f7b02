"""What alerts alone do to cases."""

from datetime import timedelta

import msgspec
import pytest

from alerts.actions import Actor, Close, Follow, Snooze, Take, Withdraw, apply
from alerts.alert import Alert
from alerts.cases import Case
from alerts.holds import holds
from alerts.joining import Joined, join
from tests.alerts.making import LIVE_DAYS, NOW, a_case, evidence, live, lowered

MARTIN = Actor("a.martin")


def joined(case: Case | None, alert: Alert) -> Joined:
    return join(case, alert, "21", LIVE_DAYS)


def after(case: Case, *actions: Take | Follow | Snooze | Withdraw | Close) -> Case:
    for action in actions:
        changed = apply(case, action, MARTIN, NOW)
        assert isinstance(changed, Case), changed
        case = changed
    return case


def test_the_first_alert_opens_a_case_with_what_the_lists_filter_by() -> None:
    facts = evidence(debt_employee_euros=100.0, debt_employer_euros=None, headcount=12.0, schedule_running=1.0)
    case, event, before = joined(None, live(evidence=facts))
    assert (event, before) == ("opened", None)
    assert (case.number, case.version, case.state, case.department) == (1, 1, "new", "21")
    assert (case.headcount, case.debt_euros, case.schedule_running, case.proceeding) == (12.0, 100.0, True, False)
    assert (case.opened_at, case.live, case.rule) == (NOW, True, "strong:raised")
    assert holds(case) == ("schedule",)


def test_repeated_alerts_join_and_only_worse_ones_rise() -> None:
    case = a_case(live(tier="moderate", probability=0.2))
    for number, changes, event in (
        (1, {"tier": "moderate", "probability": 0.2}, "joined"),
        (2, {"tier": "moderate", "probability": 0.25, "kind": "jump"}, "rose"),
        (3, {"tier": "strong", "probability": 0.4}, "rose"),
        (4, {"tier": "moderate", "kind": "lowered", "probability": 0.2}, "fell"),
    ):
        case, told, _ = joined(case, live(number, **changes))
        assert (told, case.alerts, case.number) == (event, number + 1, 1)
    assert case.strong_since is None


def test_a_late_alert_counts_and_changes_nothing_else() -> None:
    case = a_case(live(tier="moderate"))
    late = joined(case, live(1, as_of=case.as_of - timedelta(days=1)))
    assert late.event == "joined"
    assert late.case == msgspec.structs.replace(case, version=2, alerts=2, received=2)


@pytest.mark.parametrize(("action", "closed"), [(None, True), (Snooze("x"), True), (Take(), False), (Follow(), False)])
def test_the_end_of_the_risk_closes_what_nobody_holds(action: Take | None, closed: bool) -> None:
    case = after(a_case(), *([action] if action else []))
    ended = joined(case, lowered())
    assert (ended.case.state == "closed", ended.event) == (closed, "ended" if closed else "fell")
    assert ended.case.outcome == ("lowered" if closed else case.outcome)


def test_a_collective_procedure_ends_what_nobody_holds_and_shows_on_what_is_held() -> None:
    entered = lowered(evidence=evidence(in_proceeding=1.0))
    assert joined(a_case(), entered).case.outcome == "proceeding"
    held = joined(after(a_case(), Take()), entered).case
    assert (held.state, holds(held)) == ("taken", ("proceeding",))


def test_a_closed_case_is_followed_by_a_new_one_that_knows_it() -> None:
    case = after(a_case(), Take(), Close("refus"))
    again = joined(case, live(1))
    assert again.event == "opened"
    assert (again.case.number, again.case.version, again.case.alerts, again.case.received) == (2, 4, 1, 2)
    assert again.case.previous is not None
    assert (again.case.previous.number, again.case.previous.outcome, again.case.previous.by) == (1, "refus", "a.martin")
    assert holds(again.case) == ("known", "recent")
    # What falls after the end reopens nothing.
    assert joined(case, lowered(1, tier="moderate")).case.state == "closed"


def test_the_fall_of_a_risk_that_nobody_was_told_of_is_no_case() -> None:
    case = joined(None, lowered(0)).case
    assert (case.number, case.state, case.received) == (0, "closed", 1)
    first = joined(case, live(1)).case
    assert (first.number, first.previous, holds(first)) == (1, None, ())


def test_a_snoozed_case_wakes_where_it_was_on_a_worse_alert_alone() -> None:
    for held in (None, Take(), Follow()):
        case = after(a_case(), *([held] if held else []), Snooze("x"))
        same = joined(case, live(1, kind="jump"))
        assert (same.case.state, same.event) == ("snoozed", "joined")
        worse = joined(same.case, live(2, kind="jump", probability=0.9))
        assert (worse.event, worse.before) == ("woken", "snoozed")
        assert worse.case.holder == case.holder
        assert worse.case.state == {type(None): "new", Take: "taken", Follow: "followed"}[type(held)]


def test_a_withdrawn_case_stays_so_until_its_day() -> None:
    for_good, for_months = (after(a_case(), Withdraw(months)) for months in (None, 3))
    assert joined(for_good, live(24 * 300, probability=0.9)).case.state == "withdrawn"
    assert joined(for_months, live(24 * 60, probability=0.9)).case.state == "withdrawn"
    back = joined(for_months, live(24 * 93, probability=0.9))
    assert (back.case.state, back.case.number, back.event) == ("new", 1, "rose")
    over = joined(for_months, lowered(24)).case
    assert over.state == "withdrawn"
    assert joined(over, live(24 * 93)).case.number == 2, "its risk was over when it came back"


def test_what_a_restored_case_holds_already_is_passed_over() -> None:
    alerts = [live(), live(1, kind="jump", probability=0.5), live(2, kind="jump", probability=0.6)]
    whole = a_case(*alerts)
    restored = msgspec.structs.replace(after(a_case(*alerts[:2]), Take()), skip=2)
    for alert in alerts:
        restored = joined(restored, alert).case
    assert (restored.alerts, restored.received, restored.skip) == (3, 3, 0)
    assert (restored.state, restored.probability) == ("taken", whole.probability)


def test_an_alert_of_long_before_its_raising_is_a_backfill_s() -> None:
    old = live(as_of=NOW.date() - timedelta(days=46))
    assert not a_case(old).live
    assert a_case(old, live(1, probability=0.5)).live
