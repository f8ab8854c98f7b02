"""Refusals, as RFC 9457 writes them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from alerts.api.models import Problem

MEDIA_TYPE = "application/problem+json"
_TITLES: dict[str, tuple[int, str]] = {
    "request": (400, "The request is not understood"),
    "token": (401, "No token, or none that is valid"),
    "scope": (403, "Not among the token's rights"),
    "not-found": (404, "There is nothing at this address"),
    "method": (405, "This address does not take that method"),
    "stale": (409, "The case has changed since it was looked at"),
    "held": (409, "Another agent holds the case"),
    "state": (409, "Not possible in the case's state"),
    "too-many": (409, "More cases than an export may have: nothing was written"),
    "too-large": (413, "The body is too long"),
    "media-type": (415, "The body must be application/json"),
    "value": (422, "The action lacks something, or has something wrong"),
    "rate": (429, "Too many requests of this token"),
    "unavailable": (503, "Redis does not answer, or refuses: try again later"),
}
STATUSES = {kind: status for kind, (status, _) in _TITLES.items()}


class Refused(Exception):
    """A request that is not answered: which problem, and what to say of it."""

    def __init__(self, kind: str, detail: str = "", *, case: dict[str, Any] | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.case = case


def problem(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """The answer."""
    status, title = _TITLES[refused.kind]
    content = Problem(f"urn:vigie:problem:{refused.kind}", title, status, refused.detail, refused.case)
    return Response(msgspec.json.encode(content), status, dict(headers or {}), MEDIA_TYPE)
