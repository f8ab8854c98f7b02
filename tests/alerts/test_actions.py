"""The state machine: what each action does in each state, and what holds after any of them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.actions import (
    ALLOWED,
    Action,
    Actor,
    Answer,
    CastVote,
    Close,
    Follow,
    Note,
    Propose,
    Refusal,
    Release,
    Snooze,
    Take,
    Withdraw,
    apply,
    months_after,
)
from alerts.cases import STATES, Case, State, as_seen, decode, encode
from alerts.joining import join
from tests.alerts.making import LIVE_DAYS, NOW, a_case, live, lowered

MARTIN, DURAND, CHEF = Actor("a.martin"), Actor("b.durand"), Actor("chef", supervisor=True)
TOMORROW = NOW.date() + timedelta(days=1)


def done(case: Case, action: Action, actor: Actor = MARTIN, now: datetime = NOW, seen: int | None = None) -> Case:
    after = apply(case, action, actor, now, seen)
    assert isinstance(after, Case), after
    return after


def refusal(case: Case, action: Action, actor: Actor = MARTIN, now: datetime = NOW, seen: int | None = None) -> Refusal:
    after = apply(case, action, actor, now, seen)
    assert isinstance(after, Refusal), after
    return after


def in_state(state: State) -> Case:
    """A case that Martin brought into a state."""
    case = a_case()
    match state:
        case "taken":
            return done(case, Take())
        case "followed":
            return done(case, Follow())
        case "snoozed":
            return done(case, Snooze("congés", TOMORROW))
        case "withdrawn":
            return done(case, Withdraw(3))
        case "closed":
            return done(done(case, Take()), Close("ok"))
    return case


ONE_OF_EACH: tuple[Action, ...] = (
    Take(),
    Follow(),
    Snooze("plus tard"),
    Withdraw(None),
    Release("erreur"),
    Close("besoin"),
    CastVote(True),
    Note("vu"),
    Propose("ccsf"),
)
AFTER: dict[type[Action], State | None] = {
    Take: "taken", Follow: "followed", Snooze: "snoozed", Withdraw: "withdrawn", Release: "new", Close: "closed",
    CastVote: None, Note: None, Propose: None,
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ONE_OF_EACH, ids=lambda action: type(action).__name__)
def test_every_action_in_every_state_is_done_or_refused_with_the_state(state: State, action: Action) -> None:
    case = in_state(state)
    if isinstance(action, Release) and state == "followed":
        action = Release("actions")
    # Martin again: what is done already is not another state's business.
    after = apply(case, action, MARTIN, NOW)
    if state in ALLOWED[type(action)]:
        assert isinstance(after, Case)
        assert after.state == (AFTER[type(action)] or state)
    else:
        assert isinstance(after, Refusal)
        assert (after.reason, after.case.state) == ("state", state)
    # Durand may not touch what Martin holds, but vote and write.
    other = apply(case, action, DURAND, NOW)
    if case.holder and not isinstance(action, CastVote | Note | Propose) and state in ALLOWED[type(action)]:
        assert isinstance(other, Refusal)
        assert (other.reason, other.case.holder) == ("held", "a.martin")
        assert isinstance(apply(case, action, CHEF, NOW), Case)


def test_of_two_who_take_the_second_is_told_who() -> None:
    taken = done(a_case(), Take(), seen=1)
    assert (taken.state, taken.holder, taken.version, taken.since) == ("taken", "a.martin", 2, NOW)
    assert refusal(taken, Take(), DURAND).case.holder == "a.martin"
    late = refusal(taken, Take(), DURAND, seen=1)
    assert (late.reason, late.case.holder) == ("stale", "a.martin")
    assert done(taken, Take(), CHEF).holder == "chef"


def test_what_is_done_already_comes_back_unchanged_even_from_an_old_page() -> None:
    for state, again in (("taken", Take()), ("followed", Follow()), ("closed", Close("ok"))):
        case = in_state(state)  # type: ignore[arg-type]
        assert apply(case, again, MARTIN, NOW, seen=1) is case
    followed = in_state("followed")
    assert done(followed, Follow(comment="appelé")).comment == "appelé"
    assert done(followed, Follow("source_interne")).outcome == "source_interne"


@pytest.mark.parametrize(
    ("state", "action", "detail"),
    [
        ("new", Follow("autre"), "wants a comment"),
        ("new", Follow("humeur"), "none of detection"),
        ("new", Snooze(" "), "comment"),
        ("new", Snooze("x", NOW.date()), "after today"),
        ("new", Snooze("x", date(2026, 12, 3)), "by 2026-12-02"),
        ("new", Withdraw(4), "3, 6 or 9"),
        ("new", Note("  "), "text"),
        ("new", Note("x" * 2001), "2000"),
        ("taken", Close("gagné"), "besoin"),
        ("taken", Release(), "say which"),
        ("taken", Release("actions"), "erreur"),
        ("followed", Release("erreur"), "aucune_action"),
        ("taken", Answer("ccsf", "accorde"), "was not proposed"),
        ("snoozed", Release("a:b:c"), "'a:b:c' is none of"),
        ("closed", CastVote(False), "say which"),
        ("closed", CastVote(False, "autre"), "comment"),
    ],
)
def test_wrong_values_are_told(state: State, action: Action, detail: str) -> None:
    refused = refusal(in_state(state), action)
    assert refused.reason == "value"
    assert detail in refused.detail


def test_a_snooze_ends_on_its_day_where_it_began() -> None:
    for state, resumed in (("new", "new"), ("taken", "taken"), ("followed", "followed")):
        snoozed = done(in_state(state), Snooze("congés", TOMORROW))  # type: ignore[arg-type]
        assert as_seen(snoozed, NOW).state == "snoozed"
        back = as_seen(snoozed, NOW + timedelta(days=1))
        assert (back.state, back.holder, back.until) == (resumed, snoozed.holder, None)
        longer = done(snoozed, Snooze("encore", date(2026, 4, 1)))
        assert as_seen(longer, NOW + timedelta(days=40)).state == resumed
    assert done(a_case(), Snooze("sans date")).until == date(2026, 12, 2)


def test_a_withdrawal_ends_after_its_months_or_never() -> None:
    assert done(in_state("withdrawn"), Release("erreur")).outcome == "erreur"
    for months, until in ((3, date(2026, 6, 2)), (9, date(2026, 12, 2)), (None, None)):
        case = done(in_state("taken"), Withdraw(months))
        assert (case.until, case.holder) == (until, None)
        assert as_seen(case, NOW + timedelta(days=300)).state == ("new" if months else "withdrawn")
    assert months_after(date(2024, 11, 30), 3) == date(2025, 2, 28)


def test_votes_are_one_an_agent_on_the_decision_voted_on() -> None:
    case = done(a_case(), CastVote(False, "deja_connue", "vu en mai"))
    case = done(done(case, CastVote(True), DURAND), CastVote(True), MARTIN)
    assert {agent: vote.useful for agent, vote in case.votes.items()} == {"a.martin": True, "b.durand": True}
    assert (case.votes["a.martin"].rule, case.votes["a.martin"].model) == ("strong:raised", "m-7")
    assert case.votes["a.martin"].reason is None


def test_what_was_proposed_and_what_came_of_it() -> None:
    case = done(a_case(), Propose("ccsf", "dossier envoyé"))
    assert (case.state, case.comment) == ("new", None), "the case is as it was"
    assert apply(case, Propose("ccsf"), DURAND, NOW) is case, "proposed already"
    added = done(case, Propose("ccsf", "relancé"), DURAND).proposed["ccsf"]
    assert (added.by, added.comment) == ("a.martin", "relancé")
    answered = done(case, Answer("ccsf", "rejete"), DURAND)
    assert apply(answered, Answer("ccsf", "rejete"), DURAND, NOW) is answered
    word = done(answered, Answer("ccsf", "accorde"), MARTIN).proposed["ccsf"]
    assert (word.by, word.outcome, word.noted_by, word.comment) == ("a.martin", "accorde", "a.martin", "dossier envoyé")
    assert refusal(case, Answer("ccsf", "gagné")).detail.startswith("'gagné' is none of demande")
    again = done(answered, Propose("ccsf"), DURAND).proposed["ccsf"]
    assert (again.by, again.outcome) == ("b.durand", None), "another attempt"


def test_what_has_no_outcome_yet_goes_on_in_the_next_case() -> None:
    case = done(done(done(a_case(), Propose("ccsf")), Propose("codefi")), Answer("codefi", "decline"))
    closed = done(done(case, Take()), Close("besoin"))
    later = join(closed, live(9), "21", LIVE_DAYS).case
    assert (later.number, [*later.proposed]) == (2, ["ccsf"])
    assert done(later, Answer("ccsf", "accorde")).proposed["ccsf"].outcome == "accorde"


ANSWERS = (Answer("ccsf", "accorde"), Answer("ccsf", "sans_suite", "muet"), Propose("ccsf", "encore"))


class Life(RuleBasedStateMachine):
    """Any agents do anything at any time, and alerts come: what must hold of a case whatever happens."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.received = 1
        self.case = a_case()

    @rule(
        action=st.sampled_from(
            (*ONE_OF_EACH, Release("actions"), Snooze("x", date(2026, 5, 1)), Withdraw(3), *ANSWERS)
        ),
        actor=st.sampled_from((MARTIN, DURAND, CHEF)),
        behind=st.sampled_from((None, 0, 1)),
    )
    def act(self, action: Action, actor: Actor, behind: int | None) -> None:
        seen = None if behind is None else self.case.version - behind
        after = apply(self.case, action, actor, self.now, seen)
        if isinstance(after, Refusal):
            assert after.case == as_seen(self.case, self.now)
            return
        if after is self.case:
            assert isinstance(action, Propose | Answer) or actor.id in (after.holder, after.by)
            return
        assert after.version == self.case.version + 1
        assert not behind, "nobody acts on what has changed since"
        self.case = after

    @rule(
        tier=st.sampled_from(("strong", "moderate")),
        kind=st.sampled_from(("raised", "jump", "lowered")),
        probability=st.floats(0.01, 0.99),
    )
    def alert(self, tier: str, kind: str, probability: float) -> None:
        self.received += 1
        alert = live(self.received, tier=tier, kind=kind, probability=probability, raised_at=self.now)
        before = as_seen(self.case, self.now)
        joined = join(self.case, alert, "21", LIVE_DAYS)
        assert joined.case.version == self.case.version + 1
        self.case = joined.case
        if before.is_open:
            assert joined.case.number == before.number
            assert joined.case.holder == before.holder, "an alert takes a case from nobody"
        elif kind != "lowered":
            assert joined.case.number == before.number + 1
            assert joined.case.previous is not None

    @rule()
    def risk_over(self) -> None:
        self.received += 1
        before = as_seen(self.case, self.now)
        self.case = join(self.case, lowered(self.received, raised_at=self.now), "21", LIVE_DAYS).case
        if before.state == "new":
            assert (self.case.state, self.case.outcome) == ("closed", "lowered")

    @rule(days=st.integers(1, 120))
    def later(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def whole(self) -> None:
        case = as_seen(self.case, self.now)
        assert decode(encode(self.case)) == self.case
        assert self.case.received == self.received
        assert (case.holder is not None) or case.state not in ("taken", "followed")
        assert case.holder is None or case.state in ("taken", "followed", "snoozed")
        assert (case.until is not None) == (case.state in ("snoozed", "withdrawn")) or case.state == "withdrawn"
        assert as_seen(case, self.now) == case


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
