"""What agents may do with a case, and when: the state machine, pure.

    new ── take ──▶ taken ── follow ──▶ followed        release: taken, followed, snoozed, withdrawn ──▶ new
     │                └──── close ────────┴──▶ closed   snooze, withdraw: from all but withdrawn and closed

Who holds a case acts on it alone; a supervisor may act on everybody's. `vote` and `note` change no state, and are
everybody's; so are `propose` and `answer`: what was proposed to the firm, and what came of it, which may be known long
after the case. An action that is done already by the same agent is done: its case comes back unchanged; so it does
where anybody has proposed the same measure.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from alerts.cases import Case, Proposed, State, Vote, as_seen, changed
from alerts.vocabulary import ANSWERS, CANCELS, MOTIVES, OTHER, OUTCOMES, UNFOLLOWS, USELESS, Words

LONGEST_COMMENT = 2000
LONGEST_SNOOZE_MONTHS = 9
WITHDRAWALS: tuple[int | None, ...] = (3, 6, 9, None)
"""Months for which a case is withdrawn; None is for good."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a name of an agent, as the directory has it."""

    id: str
    supervisor: bool = False


class Take(msgspec.Struct, frozen=True, tag="take"):
    """Deal with the firm oneself."""

    comment: str | None = None


class Follow(msgspec.Struct, frozen=True, tag="follow"):
    """Take the firm into one's following, for a motive."""

    motive: str = "detection"
    comment: str | None = None


class Snooze(msgspec.Struct, frozen=True, tag="snooze"):
    """Put the case aside until a day, or sooner if the risk rises; without a day, for as long as is allowed."""

    comment: str
    until: date | None = None


class Withdraw(msgspec.Struct, frozen=True, tag="withdraw"):
    """Take the firm out of the list for months, or for good (None), whatever its alerts."""

    months: int | None
    comment: str | None = None


class Release(msgspec.Struct, frozen=True, tag="release"):
    """Give the case back: why a taken one, with or without actions a followed one. Ends a snooze or a withdrawal."""

    reason: str | None = None
    comment: str | None = None


class Close(msgspec.Struct, frozen=True, tag="close"):
    """End the case, with its outcome."""

    outcome: str
    comment: str | None = None


class CastVote(msgspec.Struct, frozen=True, tag="vote"):
    """Say whether the latest alert was of use; the last vote of an agent counts."""

    useful: bool
    reason: str | None = None
    comment: str | None = None


class Note(msgspec.Struct, frozen=True, tag="note"):
    """Leave a comment."""

    comment: str


class Propose(msgspec.Struct, frozen=True, tag="propose"):
    """Propose a support measure to the firm; `measure` is its code in the catalogue (`catalogue.known`)."""

    measure: str
    comment: str | None = None


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Note what came of a measure that was proposed; the last word counts."""

    measure: str
    outcome: str
    comment: str | None = None


Action = Take | Follow | Snooze | Withdraw | Release | Close | CastVote | Note | Propose | Answer

_HOLDABLE: frozenset[State] = frozenset({"new", "taken", "followed", "snoozed"})
_ALL: frozenset[State] = frozenset({*_HOLDABLE, "withdrawn", "closed"})
_FREE = (CastVote, Note, Propose, Answer)
"""What everybody may do, whoever holds the case."""

ALLOWED: dict[type[Any], frozenset[State]] = {
    Take: frozenset({"new", "taken", "snoozed"}),
    Follow: _HOLDABLE,
    Snooze: _HOLDABLE,
    Withdraw: _HOLDABLE,
    Release: frozenset({"taken", "followed", "snoozed", "withdrawn"}),
    Close: frozenset({"taken", "followed"}),
    CastVote: _ALL,
    Note: _ALL,
    Propose: _ALL,
    Answer: _ALL,
}
"""The states in which each action is possible. Taking a taken case is: by its holder again, or by a supervisor."""

Reason = Literal["stale", "held", "state", "value"]


class Refusal(msgspec.Struct, frozen=True):
    """Why an action was not done, with the case as it stands.

    `stale`: it has changed since it was looked at. `held`: another agent holds it. `state`: not in this state.
    `value`: the action itself lacks or has something wrong; `detail` says what.
    """

    reason: Reason
    case: Case
    action: str
    detail: str = ""


def name_of(action: Action) -> str:
    """The action's name, as in the history."""
    return str(type(action).__struct_config__.tag)


def apply(case: Case, action: Action, actor: Actor, now: datetime, seen: int | None = None) -> Case | Refusal:
    """The case after an action, at its next version; the same case where that is done already; or why not.

    `seen` is the version that the agent looked at, None for whichever it is.
    """
    name, here = name_of(action), as_seen(case, now)
    if _is_done(here, action, actor):
        return case
    if seen is not None and seen != case.version:
        return Refusal("stale", here, name)
    wrong = _wrong(here, action, now.date())
    if wrong:
        return Refusal("value", here, name, wrong)
    if here.state not in ALLOWED[type(action)]:
        return Refusal("state", here, name)
    free = isinstance(action, _FREE)
    if here.holder not in (None, actor.id) and not actor.supervisor and not free:
        return Refusal("held", here, name)
    return changed(here, **_EFFECTS[type(action)](here, action, actor, now), **_comment(action), acted_at=now)


def months_after(day: date, months: int) -> date:
    """The same day months later, or the last one of that month.

    >>> months_after(date(2026, 5, 31), 9)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _is_done(case: Case, action: Action, actor: Actor) -> bool:
    """Whether the same agent has just done that: an answer may be lost, a button pressed twice."""
    if isinstance(action, Propose):
        there = case.proposed.get(action.measure)
        return there is not None and there.outcome is None and _text(action) in (None, there.comment)
    if isinstance(action, Answer):
        there = case.proposed.get(action.measure)
        same = there is not None and (there.outcome, there.noted_by) == (action.outcome, actor.id)
        return same and _text(action) in (None, there and there.comment)
    if action.comment and action.comment != case.comment:
        return False
    match action:
        case Take():
            return case.state == "taken" and case.holder == actor.id
        case Follow():
            return case.state == "followed" and case.holder == actor.id and case.outcome == action.motive
        case Close():
            return case.state == "closed" and case.by == actor.id and case.outcome == action.outcome
    return False


def _wrong(case: Case, action: Action, today: date) -> str:
    """What is wrong with the action itself; empty where nothing is."""
    comment = (action.comment or "").strip()
    if len(comment) > LONGEST_COMMENT:
        return f"a comment has {LONGEST_COMMENT} characters at most"
    match action:
        case Follow():
            return _not_among(action.motive, MOTIVES, comment)
        case Snooze():
            return _wrong_snooze(action, comment, today)
        case Withdraw():
            return "" if action.months in WITHDRAWALS else "withdraw for 3, 6 or 9 months, or for good"
        case Release():
            words = {"taken": CANCELS, "followed": UNFOLLOWS}.get(case.state)
            if words is None and action.reason is None:
                return ""
            return _not_among(action.reason, words or {**CANCELS, **UNFOLLOWS}, comment)
        case Close():
            return _not_among(action.outcome, OUTCOMES, comment)
        case CastVote():
            return "" if action.useful else _not_among(action.reason, USELESS, comment)
        case Note():
            return "" if comment else "a note wants a text"
        case Answer() if action.measure not in case.proposed:
            return f"{action.measure!r} was not proposed: {', '.join(case.proposed) or 'nothing was'}"
        case Answer():
            return _not_among(action.outcome, ANSWERS, comment)
    return ""


def _not_among(word: str | None, words: Words, comment: str) -> str:
    if word is None or word not in words:
        return f"{word!r} is none of {', '.join(words)}" if word else f"say which: {', '.join(words)}"
    return f"{OTHER!r} wants a comment" if word == OTHER and not comment else ""


def _wrong_snooze(action: Snooze, comment: str, today: date) -> str:
    if not comment:
        return "a snooze wants a comment that says why"
    latest = months_after(today, LONGEST_SNOOZE_MONTHS)
    if action.until is not None and not today < action.until <= latest:
        return f"the day must come after today, and by {latest}"
    return ""


_Fields = dict[str, object]


def _take(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001  one signature for all
    return _into("taken", actor, now) | {"holder": actor.id}


def _follow(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001
    return _into("followed", actor, now) | {"holder": actor.id, "outcome": action.motive}


def _snooze(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:
    until = action.until or months_after(now.date(), LONGEST_SNOOZE_MONTHS)
    resume = case.resume if case.state == "snoozed" else case.state
    return _into("snoozed", actor, now) | {"until": until, "resume": resume}


def _withdraw(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001
    until = None if action.months is None else months_after(now.date(), action.months)
    return _into("withdrawn", actor, now) | {"until": until, "holder": None, "outcome": None}


def _release(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001
    return _into("new", actor, now) | {"holder": None, "outcome": action.reason}


def _close(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001
    return _into("closed", actor, now) | {"holder": None, "outcome": action.outcome}


def _vote(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:
    reason = None if action.useful else action.reason
    vote = Vote(action.useful, now, case.rule, case.model_version, reason, action.comment or None)
    return {"votes": {**case.votes, actor.id: vote}}


def _note(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:  # noqa: ARG001
    return {}


def _propose(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:
    there = case.proposed.get(action.measure)
    # Whoever adds a comment to what is proposed already did not propose it.
    by, at = (there.by, there.at) if there and there.outcome is None else (actor.id, now)
    return {"proposed": {**case.proposed, action.measure: Proposed(by, at, _text(action))}}


def _answer(case: Case, action: Any, actor: Actor, now: datetime) -> _Fields:
    there = case.proposed[action.measure]
    after = Proposed(there.by, there.at, _text(action) or there.comment, action.outcome, actor.id, now)
    return {"proposed": {**case.proposed, action.measure: after}}


_EFFECTS: dict[type[Any], Callable[[Case, Any, Actor, datetime], _Fields]] = {
    Take: _take,
    Follow: _follow,
    Snooze: _snooze,
    Withdraw: _withdraw,
    Release: _release,
    Close: _close,
    CastVote: _vote,
    Note: _note,
    Propose: _propose,
    Answer: _answer,
}


def _into(state: State, actor: Actor, now: datetime) -> _Fields:
    return {"state": state, "by": actor.id, "since": now, "until": None, "resume": "new"}


def _comment(action: Action) -> _Fields:
    """Votes and proposals keep their comments themselves."""
    return {} if isinstance(action, (CastVote, Propose, Answer)) else {"comment": _text(action)}


def _text(action: Action) -> str | None:
    return (action.comment or "").strip() or None
