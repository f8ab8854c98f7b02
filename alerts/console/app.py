"""The console as a web application: who asks, what is answered, and what of it goes into the audit log.

Nothing of a firm is shown before the log has taken an entry that names who asked; where the log takes none, the answer
is 503. Sessions are in Redis, so that several processes serve the same people.
"""

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

import redis
from jinja2 import Environment, PackageLoader, StrictUndefined
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from alerts import audit
from alerts.actions import Actor, Propose, Refusal
from alerts.api import app as api
from alerts.cases import Case
from alerts.catalogue import Catalogue, known, shipped
from alerts.console import places
from alerts.console.asking import PAGE_SIZE, asked
from alerts.console.exporting import Shown, download, format_of
from alerts.console.feed import Feed
from alerts.console.forms import Form, action_of, seen_version, sent
from alerts.console.glass import LONGEST_MOTIVE, SHORTEST_MOTIVE, Broken, Glass, motive_of, reported
from alerts.console.glass_page import glass_page, glass_words
from alerts.console.headers import WithHeaders, headers
from alerts.console.metrics import ConsoleMetrics, Measured
from alerts.console.oidc import LoginRefused, ProviderAway
from alerts.console.oidc_login import ProviderLogin
from alerts.console.orientation import orientation_block
from alerts.console.pages import firm_page, list_page
from alerts.console.reminders import acknowledge, due
from alerts.console.sessions import Session, Sessions
from alerts.console.words import WORDS, language_of
from alerts.desk import Desk
from alerts.errors import ActionRefused, CaseNotFound, RedisRefused, RedisUnavailable
from alerts.exports import MOST_ROWS
from alerts.history import Entry
from alerts.inbox import Received
from alerts.language import LANGUAGES, Language
from alerts.masking import Masked, alert_of, case_of, entry_of
from alerts.routing import QUEUES
from alerts.scope import Act, OutOfScope, Person, What, decide, require, what_of, within
from detectors.errors import UnusableInput

COOKIE = "vigie_session"
LOGIN_COOKIE = "vigie_login"
_WITHOUT_REMINDER = ("/logout", "/reminder")
LOGIN_SECONDS = 600
"""How long somebody may take to log in at the provider."""

log = logging.getLogger(__name__)


class Settings(NamedTuple):
    """What the console needs: Redis and how its address may be shown, who there is, the language, clocks, sessions."""

    client: redis.Redis
    where: str
    people: Mapping[str, Person]
    language: Language
    sessions: Sessions
    waits: Callable[[], Iterator[float]]
    block_ms: int
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """The names under which a browser may ask: another site's name that was made to lead here is refused."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    metrics: ConsoleMetrics | None = None
    """None: nobody asks for them."""
    most_exported: int = MOST_ROWS
    """Cases that a file may have."""
    measures: Catalogue = shipped()
    """The support measures that are proposed."""
    api_rate: int = api.PER_MINUTE
    """Requests a minute that each of the API's tokens may make."""
    login: ProviderLogin | None = None
    """The OpenID provider at which people log in; None: whoever comes chooses who to be, for trying out."""
    url: str = "http://127.0.0.1"
    """How browsers reach the console."""
    glass_hours: float = 4.0
    """How long a firm stays open to who broke the glass."""
    reminder_days: float = 0.0
    """How often people are reminded that what they read is confidential; 0 is never."""

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.url.startswith("https:")

    def cookie(self, name: str) -> str:
        """A cookie's name: by TLS one that no other site, nor plain http, can set."""
        return f"__Host-{name}" if self.secure else name


class Asking(NamedTuple):
    """A request of somebody who has logged in, with the fields of its form."""

    request: Request
    session: Session
    language: Language
    form: Form

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.session.person


class Console:
    """The answers, a method a page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions = settings.sessions
        self._templates = Environment(
            loader=PackageLoader("alerts.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.metrics = settings.metrics or ConsoleMetrics(CollectorRegistry())
        self.feed = Feed(
            Desk(settings.client, where=settings.where), settings.waits, self.metrics, block_ms=settings.block_ms
        )
        self._glass = Glass(settings.client, settings.clock, where=settings.where, hours=settings.glass_hours)

    # Pages

    def firms(self, asking: Asking) -> Response:
        """The list."""
        wanted = asked(asking.request.query_params.multi_items(), asking.person)
        desk, masked = self._desk(asking.person), asking.person.masked
        # Before the list: what happens in between is told of as new, and is not missed.
        ends = {queue: end.decode() for queue, end in desk.ends(wanted.query.departments).items()}
        page = desk.listed(wanted.query, limit=PAGE_SIZE, start=(wanted.page - 1) * PAGE_SIZE)
        found = {name: _masked(item, masked, asking.language) for name, item in desk.latest(page.cases).items()}
        page = page._replace(cases=[case_of(case, masked) for case in page.cases])
        self._record(asking.person, "case.list", _departments(wanted.query.departments))
        words = WORDS[asking.language]
        content = list_page(page, found, wanted, asking.person, asking.language, words["late"])
        followed = [*(("department", name) for name in wanted.chosen("department")), ("after", places.written(ends))]
        return self._page(asking, "list.html", content | {"stream": f"/stream?{urlencode(followed)}"})

    def export(self, asking: Asking) -> Response:
        """The list as a file, or why not: more cases than a file may have."""
        parameters = asking.request.query_params.multi_items()
        wanted, kind = asked(parameters, asking.person), format_of(parameters)
        page = self._desk(asking.person).listed(wanted.query)
        departments, detail = _departments(wanted.query.departments), f"{page.total} cases, {kind}"
        if page.total > self._settings.most_exported:
            self._record(asking.person, "case.export", departments, "refused", detail)
            return self._problem("413", asking.language, asking.session, 413)
        self._record(asking.person, "case.export", departments, detail=detail)
        shown = Shown(asking.language, asking.person.masked)
        return download(page.cases, wanted.query, kind, self._settings.clock(), shown)

    def firm(self, asking: Asking) -> Response:
        """A firm's page."""
        return self._firm(asking)

    def act(self, asking: Asking) -> Response:
        """Do what a form asks for, and show the firm again; 409 with how it stands where it is not done."""
        case, *_ = self._case(asking, "change")
        queue, siren, name = case.department, case.siren, asking.request.path_params["action"]
        action, seen = action_of(name, asking.form), seen_version(asking.form)
        if isinstance(action, Propose):
            known(self._settings.measures, action.measure)
        actor = Actor(asking.person.name, asking.person.supervises)
        try:
            self._desk(asking.person).act(queue, siren, action, actor, seen=seen)
        except ActionRefused as error:
            self._record(asking.person, f"case.{name}", f"case:{queue}:{siren}", "refused", error.refusal.reason)
            status = 422 if error.refusal.reason == "value" else 409
            return self._firm(asking, error.refusal, status)
        return RedirectResponse(f"/firms/{queue}/{siren}", 303)

    def break_glass(self, asking: Asking) -> Response:
        """Open a firm that is not one's own to oneself, for a time and a motive that supervisors are told."""
        queue, siren = _firm_of(asking.request)
        person = asking.person
        try:
            what = what_of(self._desk(person).get(queue, siren), person)
        except CaseNotFound:
            what = What(queue, in_alert=False)
        require(person, what, "break-glass")
        motive = motive_of(asking.form.get("motive", ""))
        self._record(person, "glass.break", f"case:{queue}:{siren}", detail=motive)
        self._glass.broken(person.name, queue, siren, motive)
        return RedirectResponse(f"/firms/{queue}/{siren}", 303)

    def glasses(self, asking: Asking) -> Response:
        """For which firms of their departments the glass was broken lately, for supervisors."""
        person, settings = asking.person, self._settings
        if not person.supervises:
            raise OutOfScope(f"{person.name} is no supervisor", "role")
        found = reported(settings.client, settings.clock(), where=settings.where, departments=person.queues)
        self._record(person, "glass.list", _departments(person.queues))
        return self._page(asking, "glass_list.html", glass_page(found, asking.language))

    def reminder(self, asking: Asking) -> Response:
        """The reminder, and what is said to it."""
        if asking.request.method != "POST":
            return self._page(asking, "reminder.html", {})
        settings = self._settings
        self._record(asking.person, "person.reminded", f"person:{asking.person.name}")
        acknowledge(settings.client, asking.person.name, settings.clock(), where=settings.where)
        return RedirectResponse("/", 303)

    def logout(self, asking: Asking) -> Response:
        """End the session, and have the browser forget what it holds."""
        self._sessions.end(asking.session.id)
        login, back = self._settings.login, f"{self._settings.url}/login"
        there = login.provider.logout(asking.session.id_token, back) if login else None
        response = RedirectResponse(there or "/login", 303, {"Clear-Site-Data": '"cache", "storage"'})
        self._forget(response, COOKIE)
        return response

    def stream(self, asking: Asking) -> Response:
        """What happens, from the place of Last-Event-ID on, or of the page that asks."""
        parameters = asking.request.query_params
        queues = within(asking.person, parameters.getlist("department"))
        begun = asking.request.headers.get("last-event-id") or parameters.get("after", "")
        known = places.read(begun, queues)
        self._record(asking.person, "case.watch", _departments(queues))
        followed = self.feed.follow(known, lambda: self._lasts(asking.session), masked=asking.person.masked)
        return StreamingResponse(followed, media_type="text/event-stream")

    # Logging in

    async def login_page(self, request: Request) -> Response:
        """Where to log in: at the provider, or as one of the people of the clearance file, to choose from."""
        language = self._language(request, None)
        if self._settings.login is not None:
            provider = urlsplit(self._settings.login.origin).hostname
            return self._html("login_provider.html", language, {"provider": provider}, None)
        token = request.cookies.get(self._settings.cookie(LOGIN_COOKIE)) or secrets.token_urlsafe(32)
        content = {"people": sorted(self._settings.people.values()), "csrf": token}
        response = self._html("login.html", language, content, None)
        self._set(response, LOGIN_COOKIE, token)
        return response

    async def login_go(self, request: Request) -> Response:
        """Send the browser to the provider."""
        assert self._settings.login is not None
        try:
            start = await run_in_threadpool(self._settings.login.provider.start, self._back)
        except ProviderAway as error:
            log.warning("%s", error)
            return self._problem("provider", self._language(request, None), None, 503)
        response = RedirectResponse(start.address, 303)
        # Lax: the browser comes back from another site.
        self._set(response, LOGIN_COOKIE, start.kept, "lax", LOGIN_SECONDS)
        return response

    async def login_back(self, request: Request) -> Response:
        """Begin a session of whom the provider names, if they are one of ours."""
        language = self._language(request, None)
        cookies = request.cookies.get(self._settings.cookie(LOGIN_COOKIE), ""), self._cookie(request)
        try:
            begun = await run_in_threadpool(self._finish, dict(request.query_params), *cookies)
        except ProviderAway as error:
            log.warning("%s", error)
            return self._problem("provider", language, None, 503)
        except LoginRefused as error:
            log.warning("a login was refused: %s", error)
            return self._problem("refused_login", language, None, 403)
        except (RedisUnavailable, RedisRefused):
            return self._problem("503", language, None, 503)
        response = self._problem("stranger", language, None, 403)
        if begun is not None:
            response = self._html("entered.html", language, {}, None)
            self._set(response, COOKIE, begun.id)
        self._forget(response, LOGIN_COOKIE)
        return response

    async def login(self, request: Request) -> Response:
        """Begin a session of the person chosen, with a new id."""
        language = self._language(request, None)
        try:
            form = await sent(request)
        except UnusableInput:
            return self._problem("400", language, None, 400)
        token = request.cookies.get(self._settings.cookie(LOGIN_COOKIE), "")
        if not token or not secrets.compare_digest(token.encode(), form.get("csrf", "").encode()):
            return self._problem("csrf", language, None, 403)
        person = self._settings.people.get(form.get("person", ""))
        if person is None:
            return self._problem("403", language, None, 403)
        try:
            begun = await run_in_threadpool(self._begin, person, self._cookie(request))
        except (RedisUnavailable, RedisRefused):
            return self._problem("503", language, None, 503)
        response = RedirectResponse("/", 303)
        self._set(response, COOKIE, begun.id)
        self._forget(response, LOGIN_COOKIE)
        return response

    def guarded(self, answer: Callable[[Asking], Response]) -> Callable[[Request], Awaitable[Response]]:
        """A page for those who have logged in; a form must come with the session's own token."""

        async def endpoint(request: Request) -> Response:
            try:
                session = await run_in_threadpool(self._sessions.used, self._cookie(request))
                language = await run_in_threadpool(self._language, request, session)
            except (RedisUnavailable, RedisRefused):
                return self._problem("503", self._settings.language, None, 503)
            if session is None:
                if request.method == "POST" or request.url.path == "/stream":
                    return self._problem("csrf", language, None, 403)
                return RedirectResponse("/login", 303)
            try:
                form = await sent(request) if request.method == "POST" else {}
                if request.method == "POST" and not secrets.compare_digest(
                    session.csrf.encode(), form.get("csrf", "").encode()
                ):
                    return self._problem("csrf", language, session, 403)
                if await run_in_threadpool(self._reminds, request, session):
                    return RedirectResponse("/reminder", 303)
                return await run_in_threadpool(answer, Asking(request, session, language, form))
            except OutOfScope as error:
                return await self._refused(request, session, language, error)
            except UnusableInput:
                return self._problem("400", language, session, 400)
            except CaseNotFound:
                return self._problem("404", language, session, 404)
            except (RedisUnavailable, RedisRefused):
                return self._problem("503", language, session, 503)

        return endpoint

    # Parts

    @property
    def _back(self) -> str:
        """Where the provider sends the browser back to."""
        return f"{self._settings.url}/login/callback"

    def _finish(self, answer: Mapping[str, str], kept: str, old: str) -> Session | None:
        """A session of whom the provider names; None where that is nobody of ours, which the log has."""
        login = self._settings.login
        assert login is not None
        found = login.provider.finish(kept, answer, self._back)
        known = login.who(found.claims)
        if known is None:
            nobody = Person(str(found.claims["sub"])[:100], (), acts=False)
            self._record(nobody, "console.login", f"provider:{login.provider.issuer}", "refused", "nobody of ours")
            return None
        return self._begin(known.person, old, by_claims=known.by_claims, id_token=found.id_token)

    def _begin(self, person: Person, old: str, *, by_claims: bool = False, id_token: str | None = None) -> Session:
        """A session under a new id, once the log has it; the browser's old one ends."""
        self._record(person, "console.login", f"person:{person.name}")
        self._sessions.end(old)
        return self._sessions.begin(person, by_claims=by_claims, id_token=id_token)

    def _cookie(self, request: Request) -> str:
        """The id of the browser's session; empty where it has none."""
        return request.cookies.get(self._settings.cookie(COOKIE), "")

    def _set(
        self,
        response: Response,
        name: str,
        value: str,
        samesite: Literal["strict", "lax"] = "strict",
        seconds: int | None = None,
    ) -> None:
        settings = self._settings
        response.set_cookie(
            settings.cookie(name), value, seconds, path="/", httponly=True, secure=settings.secure, samesite=samesite
        )

    def _forget(self, response: Response, name: str) -> None:
        secure = self._settings.secure
        response.delete_cookie(self._settings.cookie(name), path="/", httponly=True, secure=secure, samesite="strict")

    def _lasts(self, session: Session) -> bool:
        try:
            return self._sessions.lasts(session)
        except RedisUnavailable:
            # Nobody can end a session meanwhile, and nothing is told either.
            return True

    def _case(self, asking: Asking, act: Act) -> tuple[Case, Masked, Broken | None]:
        """The case of the address, within the person's scope, what of it is masked, and the glass broken to see it."""
        queue, siren = asking.request.path_params["department"], asking.request.path_params["siren"]
        person = asking.person
        if queue not in QUEUES:
            require(person, What(queue, in_alert=False), act)
        try:
            case = self._desk(person).get(queue, siren)
        except CaseNotFound:
            # That a firm is not theirs is said whether or not there is one.
            require(person, What(queue, in_alert=True), act)
            raise
        what, glass = what_of(case, person), None
        if act == "see" and not decide(person, what, act).allowed:
            glass = self._glass.opened(person.name, queue, siren)
            what = what._replace(opened=glass is not None)
        return case, require(person, what, act), glass

    def _firm(self, asking: Asking, refusal: Refusal | None = None, status: int = 200) -> Response:
        case, masked, glass = self._case(asking, "see")
        desk, person, language = self._desk(asking.person), asking.person, asking.language
        named = case.department, case.siren
        history = [entry_of(entry, masked) for entry in desk.history(*named)]
        received = [_masked(item, masked, language) for item in desk.alerts(*named)]
        detail = "by broken glass" if glass else ""
        self._record(person, "case.show", f"case:{case.department}:{case.siren}", detail=detail)
        viewer = person._replace(acts=decide(person, what_of(case, person), "change").allowed)
        now = self._settings.clock()
        content = firm_page(case_of(case, masked), history, received, viewer, language, refusal, now)
        content["glass"] = None if glass is None else glass_words(glass, language)
        alert = received[-1].alert if received else None
        content |= orientation_block(self._settings.measures, case, alert, masked, language)
        return self._page(asking, "firm.html", content, status)

    def _desk(self, person: Person) -> Desk:
        """The desk at which this person acts: what is done is in the audit log under their name."""

        def record(entry: Entry) -> None:
            detail = f"version {entry.version}"
            self._record(person, f"case.{entry.action}", f"case:{entry.queue}:{entry.siren}", detail=detail)

        settings = self._settings
        return Desk(settings.client, where=settings.where, clock=settings.clock, record=record)

    def _record(
        self, person: Person, action: str, object_: str, outcome: audit.Outcome = "done", detail: str = ""
    ) -> None:
        entry = audit.Entry(
            actor=f"{person.name}@console", action=action, object=object_, outcome=outcome, detail=detail
        )
        audit.record(self._settings.client, entry, where=self._settings.where)

    def _reminds(self, request: Request, session: Session) -> bool:
        """Whether the session's person has to be reminded first."""
        settings = self._settings
        if request.url.path in _WITHOUT_REMINDER:
            return False
        return due(settings.client, session.person.name, settings.clock(), settings.reminder_days, where=settings.where)

    async def _refused(self, request: Request, session: Session, language: Language, error: OutOfScope) -> Response:
        """403, in the log; for a firm's page with the way to break the glass, where that is allowed."""
        path, why = request.url.path, str(error)
        try:
            await run_in_threadpool(
                self._record, session.person, f"console.{request.method.lower()}", f"page:{path[:200]}", "refused", why
            )
        except (RedisUnavailable, RedisRefused):
            return self._problem("503", language, session, 503)
        named = request.path_params.get("department") in QUEUES and request.method == "GET"
        if named and session.person.acts and error.why in ("zone", "no-alert"):
            content = {"address": path, "hours": f"{self._settings.glass_hours:g}"}
            content |= {"shortest": str(SHORTEST_MOTIVE), "longest": str(LONGEST_MOTIVE)}
            return self._html("glass.html", language, content, session, 403)
        return self._problem("403", language, session, 403)

    def _language(self, request: Request, session: Session | None) -> Language:
        """What `lang` says, which the session keeps; what it kept; what the browser asks for."""
        for language in LANGUAGES:
            if request.query_params.get("lang") == language:
                if session is not None and session.language != language:
                    session.language = language
                    self._sessions.keep(session)
                return language
        kept = session.language if session is not None else None
        return kept or language_of(request.headers.get("accept-language", ""), self._settings.language)

    def _page(self, asking: Asking, template: str, content: Mapping[str, Any], status: int = 200) -> Response:
        return self._html(template, asking.language, content, asking.session, status)

    def _problem(self, kind: str, language: Language, session: Session | None, status: int) -> Response:
        return self._html("problem.html", language, {"kind": kind}, session, status)

    def _html(
        self,
        template: str,
        language: Language,
        content: Mapping[str, Any],
        session: Session | None,
        status: int = 200,
    ) -> Response:
        shared = {
            "t": WORDS[language],
            "lang": language,
            "other": "en" if language == "fr" else "fr",
            "person": session.person if session else None,
            "supervises": session is not None and session.person.supervises,
            "csrf": session.csrf if session else "",
        }
        return HTMLResponse(self._templates.get_template(template).render({**shared, **content}), status)

    async def not_found(self, request: Request, error: HTTPException) -> Response:
        """The page for an address that there is not."""
        if request.url.path.startswith(f"{api.PREFIX}/"):
            # With a line break in it, no address is the API's.
            return await api.not_served(request, error)
        return self._problem("404", self._language(request, None), None, 404)


def application(settings: Settings) -> Starlette:
    """The whole application; its stream, `state.feed`, begins with it and ends with it."""
    console = Console(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        console.feed.start()
        try:
            yield
        finally:
            await console.feed.stop()
            if settings.login is not None:
                settings.login.provider.close()

    if settings.login is None:
        logins = [Route("/login", console.login, methods=["POST"])]
    else:
        logins = [Route("/login/go", console.login_go), Route("/login/callback", console.login_back)]
    firm = "/firms/{department}/{siren}"
    routes = [
        Route("/", console.guarded(console.firms)),
        Route("/export", console.guarded(console.export)),
        Route("/stream", console.guarded(console.stream)),
        Route("/login", console.login_page),
        *logins,
        Route("/logout", console.guarded(console.logout), methods=["POST"]),
        Route(firm, console.guarded(console.firm)),
        Route(f"{firm}/glass", console.guarded(console.break_glass), methods=["POST"]),
        Route("/glass", console.guarded(console.glasses)),
        Route("/reminder", console.guarded(console.reminder), methods=["GET", "POST"]),
        Route(f"{firm}/{{action}}", console.guarded(console.act), methods=["POST"]),
        Mount(api.PREFIX, api.application(_of_api(settings))),
        Mount("/static", StaticFiles(packages=[("alerts.console", "static")])),
    ]
    origin = None if settings.login is None else settings.login.origin
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts), www_redirect=False)
    made = Starlette(
        routes=routes,
        middleware=[
            Middleware(Measured, metrics=console.metrics),
            Middleware(WithHeaders, headers=headers(origin, secure=settings.secure)),
            hosts,
        ],
        lifespan=lifespan,
        exception_handlers={404: console.not_found},  # type: ignore[dict-item] # of this status
    )
    made.state.feed = console.feed
    return made


def _of_api(settings: Settings) -> api.Settings:
    return api.Settings(
        settings.client,
        settings.where,
        settings.language,
        settings.measures,
        settings.clock,
        per_minute=settings.api_rate,
    )


def _firm_of(request: Request) -> tuple[str, str]:
    """Department and SIREN of an address. Raises UnusableInput where they can be none."""
    queue, siren = request.path_params["department"], request.path_params["siren"]
    if queue not in QUEUES or not (len(siren) == 9 and siren.isascii() and siren.isdecimal()):
        raise UnusableInput("there is no such firm")
    return queue, siren


def _masked(received: Received, masked: Masked, language: Language) -> Received:
    """An alert as it is shown; the bytes that lie in Redis are not."""
    return received._replace(alert=alert_of(received.alert, masked, language), raw=b"")


def _departments(queues: tuple[str, ...]) -> str:
    return "departments:" + ("all" if queues == QUEUES else ",".join(queues))
