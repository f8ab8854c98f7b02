"""Where the next page of a list begins: behind a case, so that what comes or goes meanwhile moves nothing. Pure.

A cursor is the place of a page's last case in the list's order, written so that it can stand in an address. It tells
nothing that the page did not, and lets nobody see more: the next page is of the same query, asked anew.
"""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from alerts.cases import Case
from alerts.listing import Order, sort_key
from alerts.ranked import Behind
from detectors.errors import UnusableInput

Place = tuple[bool | int | float | str, ...]


def place(case: Case, order: Order) -> Place:
    """A case's place in an order: no two cases have the same."""
    return (*sort_key(case, order), case.department)


def page(cases: Sequence[Case], order: Order, after: str | None, limit: int) -> tuple[list[Case], str | None]:
    """At most so many cases behind a cursor, and the cursor of the next page. Raises UnusableInput."""
    places = sorted(((place(case, order), case) for case in cases), key=lambda item: item[0])
    if after is not None:
        begin = _read(after)
        try:
            places = [item for item in places if item[0] > begin]
        except TypeError:
            raise UnusableInput("the cursor is of another order") from None
    shown = places[:limit]
    return [case for _, case in shown], _written(shown[-1][0]) if len(places) > limit else None


def behind(after: str | None) -> Behind | None:
    """The place of a cursor of the usual order; None without one. Raises UnusableInput."""
    if after is None:
        return None
    try:
        return msgspec.convert(_read(after), Behind)
    except msgspec.ValidationError:
        raise UnusableInput("the cursor is of another order") from None


def _written(behind: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(behind)).decode().rstrip("=")


def _read(text: str) -> Any:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=Place)
    except (ValueError, msgspec.DecodeError):
        raise UnusableInput("this is no cursor that was given here") from None
