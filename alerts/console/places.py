"""How far a page has followed its departments, as the id of an event: what Last-Event-ID brings back.

Entries of two departments have no common order that reading keeps, so an id holds the place in each of them.
"""

import re
from collections.abc import Mapping, Sequence

from detectors.errors import UnusableInput

START = "0-0"
_PLACE = re.compile(r"([0-9A-Za-z]{2,7})@([0-9]{1,20}-[0-9]{1,20})")


def written(places: Mapping[str, str]) -> str:
    """The places as one word; a department where nothing has happened is left out.

    >>> written({"21": "1700-0", "71": "0-0", "2A": "1800-2"})
    '21@1700-0,2A@1800-2'
    """
    return ",".join(f"{queue}@{place}" for queue, place in places.items() if place != START)


def read(text: str, queues: Sequence[str]) -> dict[str, str]:
    """The place in each of these departments; others in the text are passed over. Raises UnusableInput."""
    places = dict.fromkeys(queues, START)
    for part in text.split(",") if text else ():
        found = _PLACE.fullmatch(part)
        if not found:
            raise UnusableInput(f"{part[:40]!r} is no place of a department's history")
        if found[1] in places:
            places[found[1]] = found[2]
    return places
