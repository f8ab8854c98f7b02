"""Logging in, at the provider or as one of the people of the clearance file, and logging out."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.console import landing as landings
from alerts.console.answers import Answers, Asking
from alerts.console.cookies import COOKIE, LOGIN_COOKIE, Cookies
from alerts.console.forms import sent
from alerts.console.landing import landing, towards
from alerts.console.oidc import LoginRefused, ProviderAway
from alerts.console.sessions import Session
from alerts.errors import RedisRefused, RedisUnavailable
from alerts.scope import Person
from detectors.errors import UnusableInput

LOGIN_SECONDS = 600
"""How long somebody may take to log in at the provider."""

log = logging.getLogger(__name__)


class LoggingIn:
    """The answers, a method a page."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._settings = answers.settings
        self._sessions = answers.settings.sessions
        self._cookies = Cookies(answers.settings)

    async def page(self, request: Request) -> Response:
        """Where to log in: at the provider, or as one of the people of the clearance file, to choose from."""
        language, wanted = self._answers.language(request, None), landing(request.query_params.get("next", ""))
        here = towards("/login", wanted)
        if self._settings.login is not None:
            provider = urlsplit(self._settings.login.origin).hostname
            content: dict[str, Any] = {"provider": provider, "go": towards("/login/go", wanted), "here": here}
            return self._answers.html("login_provider.html", language, content, None)
        token = self._cookies.read(request, LOGIN_COOKIE) or secrets.token_urlsafe(32)
        people = sorted(self._settings.people.values())
        content = {"people": people, "csrf": token, "next": wanted, "here": here}
        response = self._answers.html("login.html", language, content, None)
        self._cookies.put(response, LOGIN_COOKIE, token)
        return response

    async def go(self, request: Request) -> Response:
        """Send the browser to the provider."""
        assert self._settings.login is not None
        try:
            start = await run_in_threadpool(self._settings.login.provider.start, self._back)
        except ProviderAway as error:
            log.warning("%s", error)
            return self._answers.problem("provider", self._answers.language(request, None), None, 503)
        response = RedirectResponse(start.address, 303)
        # Lax: the browser comes back from another site.
        value = f"{start.kept}.{landings.kept(request.query_params.get('next', ''))}"
        self._cookies.put(response, LOGIN_COOKIE, value, "lax", LOGIN_SECONDS)
        return response

    async def back(self, request: Request) -> Response:
        """Begin a session of whom the provider names, if they are one of ours."""
        language = self._answers.language(request, None)
        kept, _, wanted = self._cookies.read(request, LOGIN_COOKIE).rpartition(".")
        old = self._cookies.read(request, COOKIE)
        try:
            begun = await run_in_threadpool(self._finish, dict(request.query_params), kept, old)
        except ProviderAway as error:
            log.warning("%s", error)
            return self._answers.problem("provider", language, None, 503)
        except LoginRefused as error:
            log.warning("a login was refused: %s", error)
            return self._answers.problem("refused_login", language, None, 403)
        except (RedisUnavailable, RedisRefused):
            return self._answers.problem("503", language, None, 503)
        response = self._answers.problem("stranger", language, None, 403)
        if begun is not None:
            response = self._answers.html("entered.html", language, {"next": landings.read(wanted)}, None)
            self._cookies.put(response, COOKIE, begun.id)
        self._cookies.forget(response, LOGIN_COOKIE)
        return response

    async def choose(self, request: Request) -> Response:
        """Begin a session of the person chosen, with a new id."""
        language = self._answers.language(request, None)
        try:
            form = await sent(request)
        except UnusableInput:
            return self._answers.problem("400", language, None, 400)
        token = self._cookies.read(request, LOGIN_COOKIE)
        if not token or not secrets.compare_digest(token.encode(), form.get("csrf", "").encode()):
            return self._answers.problem("csrf", language, None, 403)
        person = self._settings.people.get(form.get("person", ""))
        if person is None:
            return self._answers.problem("403", language, None, 403)
        try:
            begun = await run_in_threadpool(self._begin, person, self._cookies.read(request, COOKIE))
        except (RedisUnavailable, RedisRefused):
            return self._answers.problem("503", language, None, 503)
        response = RedirectResponse(landing(form.get("next", "")), 303)
        self._cookies.put(response, COOKIE, begun.id)
        self._cookies.forget(response, LOGIN_COOKIE)
        return response

    def out(self, asking: Asking) -> Response:
        """End the session, note it, and have the browser forget what it holds.

        The session ends first: where the log takes nothing, nobody is left logged in for that.
        """
        self._sessions.end(asking.session.id)
        self._answers.record(asking.person, "console.logout", f"person:{asking.person.name}")
        login, back = self._settings.login, f"{self._settings.url}/login"
        there = login.provider.logout(asking.session.id_token, back) if login else None
        response = RedirectResponse(there or "/login", 303, {"Clear-Site-Data": '"cache", "storage"'})
        self._cookies.forget(response, COOKIE)
        return response

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
            place = f"provider:{login.provider.issuer}"
            self._answers.record(nobody, "console.login", place, "refused", "nobody of ours")
            return None
        return self._begin(known.person, old, by_claims=known.by_claims, id_token=found.id_token)

    def _begin(self, person: Person, old: str, *, by_claims: bool = False, id_token: str | None = None) -> Session:
        """A session under a new id, once the log has it; the browser's old one ends."""
        self._answers.record(person, "console.login", f"person:{person.name}")
        self._sessions.end(old)
        return self._sessions.begin(person, by_claims=by_claims, id_token=id_token)
