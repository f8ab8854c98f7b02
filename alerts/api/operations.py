"""The table of all operations: what the application serves and the OpenAPI description says."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from alerts.api.models import (
    Act,
    Acted,
    Alerts,
    CasePage,
    CaseShown,
    Department,
    Exported,
    History,
    Listed,
    Me,
    Measures,
    Nothing,
    Siren,
)
from alerts.api.service import Asked, Service

CASE = "/cases/{department}/{siren}"


class CasePath(msgspec.Struct, frozen=True):
    """The names in the address of a case."""

    department: Department
    siren: Siren


class Operation(NamedTuple):
    """One operation. `answers` is the type of its answer, None where that is a file."""

    method: str
    path: str
    name: str
    summary: str
    do: Callable[[Service, Asked], Any]
    answers: type[msgspec.Struct] | None
    path_type: type[msgspec.Struct] = Nothing
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] | None = None
    problems: tuple[str, ...] = ()
    """Beside those of every operation."""


ALWAYS = ("request", "token", "scope", "rate", "unavailable")
_NONE = ("not-found",)
_REFUSALS = ("stale", "held", "state", "too-large", "media-type", "value")

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/me", "me", "What the token may do.", Service.me, Me),
    Operation("GET", "/measures", "measures", "The catalogue of support measures.", Service.measures, Measures),
    Operation("GET", "/cases", "cases", "A page of cases, in their order.", Service.cases, CasePage, query=Listed),
    Operation(
        "GET", "/export", "export", "All the cases of a list as a file, or none where there are too many.",
        Service.export, None, query=Exported, problems=("too-many",),
    ),
    Operation("GET", CASE, "case", "A firm's last case, and the measures that fit.", Service.case, CaseShown,
              CasePath, problems=_NONE),
    Operation("GET", f"{CASE}/history", "history", "What happened to a firm's cases, oldest first.", Service.history,
              History, CasePath, problems=_NONE),
    Operation("GET", f"{CASE}/alerts", "alerts", "The alerts of a firm's cases, oldest first.", Service.alerts, Alerts,
              CasePath, problems=_NONE),
    Operation("POST", f"{CASE}/actions", "act", "Do something with a case.", Service.act, Acted, CasePath, body=Act,
              problems=(*_NONE, *_REFUSALS)),
)  # fmt: skip
