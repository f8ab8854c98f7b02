"""Forms: what was sent, and the action that it means."""

from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import parse_qsl

from starlette.requests import Request

from alerts import actions
from alerts.actions import Action
from detectors.errors import UnusableInput

LONGEST_BYTES = 64_000
"""A comment has 2 000 characters; percent-encoded, one may take 12 bytes."""

Form = Mapping[str, str]


async def sent(request: Request) -> dict[str, str]:
    """The fields of a form; of one that comes twice, the last. Raises UnusableInput where it is none or too long."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise UnusableInput("this is no form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BYTES:
            raise UnusableInput(f"a form has {LONGEST_BYTES} bytes at most")
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError:
        raise UnusableInput("this is no form") from None


def action_of(name: str, form: Form) -> Action:
    """The action that a form asks for. Raises UnusableInput where it is none; whether it is allowed is said later."""
    make = _ACTIONS.get(name)
    if make is None:
        raise UnusableInput(f"{name[:40]!r} is no action")
    return make(form, form.get("comment", "").strip() or None)


def seen_version(form: Form) -> int:
    """The version of the case that was looked at. Raises UnusableInput."""
    text = form.get("seen", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UnusableInput("the form does not say which version of the case was looked at")
    return int(text)


def _snooze(form: Form, comment: str | None) -> Action:
    text = form.get("until", "").strip()
    try:
        return actions.Snooze(comment or "", date.fromisoformat(text) if text else None)
    except ValueError:
        raise UnusableInput(f"{text[:40]!r} is no day: write it as 2026-12-31") from None


def _withdraw(form: Form, comment: str | None) -> Action:
    text = form.get("months", "")
    if text not in ("3", "6", "9", "good"):
        raise UnusableInput("say for how long")
    return actions.Withdraw(None if text == "good" else int(text), comment)


_ACTIONS: dict[str, Callable[[Form, str | None], Action]] = {
    "take": lambda form, comment: actions.Take(comment),  # noqa: ARG005  one signature for all
    "follow": lambda form, comment: actions.Follow(form.get("motive", ""), comment),
    "snooze": _snooze,
    "withdraw": _withdraw,
    "release": lambda form, comment: actions.Release(form.get("reason") or None, comment),
    "close": lambda form, comment: actions.Close(form.get("outcome", ""), comment),
    "vote": lambda form, comment: actions.CastVote(
        form.get("useful") == "yes", None if form.get("useful") == "yes" else form.get("reason") or None, comment
    ),
    "note": lambda form, comment: actions.Note(comment or ""),  # noqa: ARG005
    "propose": lambda form, comment: actions.Propose(form.get("measure", ""), comment),
    "answer": lambda form, comment: actions.Answer(form.get("measure", ""), form.get("outcome", ""), comment),
}
