"""The answers of the API, a method an operation. Nothing of a firm leaves before the audit log has taken an entry."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import redis

from alerts.actions import Actor, Propose
from alerts.api import cursor
from alerts.api.models import (
    Act,
    Acted,
    Alerts,
    CasePage,
    CaseShown,
    Exported,
    Filters,
    Happened,
    History,
    Listed,
    Me,
    Measures,
    Proposal,
)
from alerts.api.problems import Refused
from alerts.api.tokens import Right, Token
from alerts.case_wording import refused
from alerts.cases import Case
from alerts.catalogue import Catalogue, Measure, known
from alerts.errors import ActionRefused, CaseNotFound, TooMany
from alerts.exports import MOST_ROWS, as_csv, as_xlsx, check_size
from alerts.history import Entry
from alerts.language import Language
from alerts.listing import Query, everything, is_queue
from alerts.masking import Masked, alert_fields, alert_of, case_fields, case_of, entry_of
from alerts.orientation import proposals, situation
from alerts.recording import Recorder, case_named, departments_named
from alerts.scope import Act as Doing
from alerts.scope import OutOfScope, Person, What, queried, require, within


class File(NamedTuple):
    """An answer that is a file."""

    content: bytes
    media_type: str
    name: str


class Asked(NamedTuple):
    """Who asks for what: the names in the address, the parameters, the body."""

    token: Token
    path: dict[str, str]
    query: Any
    body: Any

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.token.person


class Service:
    """`where` is how Redis' address may be shown."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        where: str,
        language: Language,
        measures: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._language = language
        self._measures = measures
        self._clock = clock
        recorder = Recorder(client, "api", where=where, clock=clock)
        self._desk, self._record = recorder.desk, recorder.record

    def me(self, asked: Asked) -> Me:
        """What the token may do."""
        token = asked.token
        return Me(token.name, token.departments, token.rights, tuple(sorted(token.data)), token.expires_at)

    def measures(self, asked: Asked) -> Measures:  # noqa: ARG002  one signature for all
        """The catalogue of support measures."""
        return Measures([self._proposal(code, measure) for code, measure in self._measures.items()])

    def cases(self, asked: Asked) -> CasePage:
        """A page of cases."""
        query: Listed = asked.query
        wanted = self._query(query, asked.person)
        desk = self._desk(asked.person)
        if is_queue(wanted):
            by_code = msgspec.structs.replace(wanted, departments=tuple(sorted(wanted.departments)))
            found = desk.listed(by_code, limit=query.limit + 1, behind=cursor.behind(query.cursor))
        else:
            found = desk.listed(wanted)
        shown, following = cursor.page(found.cases, wanted.order, query.cursor, query.limit)
        self._record(asked.person, "case.list", departments_named(wanted.departments))
        masked = asked.person.masked
        told = [case_fields(case, masked) for case in shown]
        return CasePage(told, found.total, dict(found.held), following)

    def export(self, asked: Asked) -> File:
        """All the cases of a list as a file, or none where there are too many."""
        _wants(asked.token, "export")
        query: Exported = asked.query
        wanted = self._query(query, asked.person)
        if asked.person.masked:
            # A file has columns for what may not be seen.
            raise OutOfScope(f"{asked.person.name} does not see all data, and exports none", "role")
        found = self._desk(asked.person).listed(wanted)
        try:
            check_size(found.total, MOST_ROWS)
        except TooMany as error:
            raise Refused("too-many", str(error)) from None
        self._record(asked.person, "case.export", departments_named(wanted.departments), detail=f"{found.total} cases")
        made = (as_xlsx if query.format == "xlsx" else as_csv)(found.cases, wanted, self._clock(), self._language)
        return File(made, MEDIA_TYPES[query.format], f"vigie.{query.format}")

    def case(self, asked: Asked) -> CaseShown:
        """A firm's last case in a department."""
        case, masked = self._case(asked, "see")
        received = self._desk(asked.person).latest([case]).get(case.alert)
        alert = alert_of(received.alert, masked, self._language) if received else None
        self._record(asked.person, "case.show", _object(case))
        fitting = proposals(self._measures, situation(case_of(case, masked), alert, masked))
        told = [self._proposal(code, measure, pay_first) for code, measure, pay_first in fitting]
        return CaseShown(case_fields(case, masked), told)

    def history(self, asked: Asked) -> History:
        """What happened to a firm's cases in a department."""
        case, masked = self._case(asked, "see")
        entries = [entry_of(entry, masked) for entry in self._desk(asked.person).history(case.department, case.siren)]
        self._record(asked.person, "case.history", _object(case))
        return History([_happened(entry) for entry in entries])

    def alerts(self, asked: Asked) -> Alerts:
        """The alerts of a firm's cases in a department."""
        case, masked = self._case(asked, "see")
        found = self._desk(asked.person).alerts(case.department, case.siren)
        self._record(asked.person, "case.alerts", _object(case))
        return Alerts([alert_fields(item.alert, masked, self._language) for item in found])

    def act(self, asked: Asked) -> Acted:
        """Do something with a case."""
        _wants(asked.token, "act")
        wanted: Act = asked.body
        if isinstance(wanted.action, Propose):
            known(self._measures, wanted.action.measure)
        case, masked = self._case(asked, "change")
        person = asked.person
        try:
            done = self._desk(person).act(
                case.department, case.siren, wanted.action, Actor(person.name, person.supervises), seen=wanted.seen
            )
        except ActionRefused as error:
            refusal = error.refusal
            self._record(person, f"case.{refusal.action}", _object(case), "refused", refusal.reason)
            said = refused(refusal, self._language)
            raise Refused(refusal.reason, said, case=case_fields(refusal.case, masked)) from None
        return Acted(case_fields(done.case, masked), done.entry)

    # Parts

    def _case(self, asked: Asked, act: Doing) -> tuple[Case, Masked]:
        """The case of the address, and what of it is masked: of a token's own departments alone, whoever holds it."""
        department, siren = asked.path["department"], asked.path["siren"]
        within(asked.person, (department,))
        case = self._desk(asked.person).get(department, siren)
        if not case.number:
            raise CaseNotFound("no case")
        return case, require(asked.person, What(department, in_alert=True), act)

    def _query(self, asked: Filters, person: Person) -> Query:
        query = Query(
            departments=within(person, asked.department),
            tiers=asked.tier,
            kinds=asked.kind,
            sectors=asked.sector,
            states=asked.state or Query().states,
            least_headcount=asked.min_headcount,
            most_headcount=asked.max_headcount,
            least_debt_euros=asked.min_debt,
            since=asked.since,
            siren=asked.siren,
            name=asked.name,
            holder=asked.holder,
            escalated=asked.escalated,
            let_through=asked.let_through,
            order=asked.order,
        )
        return queried(everything(query) if asked.all else query, person)

    def refused(self, person: Person, method: str, path: str, why: str) -> None:
        """Note what somebody asked for that is not theirs."""
        self._record(person, f"api.{method.lower()}", f"page:{path[:200]}", "refused", why)

    def _proposal(self, code: str, measure: Measure, pay_first: float | None = None) -> Proposal:
        title, text, contact = (said[self._language] for said in (measure.title, measure.text, measure.contact))
        return Proposal(code, title, text, contact, measure.source, pay_first)


MEDIA_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def _wants(token: Token, right: Right) -> None:
    if right not in token.rights:
        raise OutOfScope(f"the token {token.name} has not the right {right!r}", "role")


def _happened(entry: Entry) -> Happened:
    fields = entry._asdict()
    fields["department"] = fields.pop("queue")
    fields.pop("state")
    return Happened(**fields)


def _object(case: Case) -> str:
    return case_named(case.department, case.siren)
