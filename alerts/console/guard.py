"""Who comes in: each page but those for logging in is shown to a session alone, and why not is said otherwise."""

import secrets
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.console.answers import Answers, Asking
from alerts.console.cookies import COOKIE, Cookies
from alerts.console.forms import sent
from alerts.console.glass import LONGEST_MOTIVE, SHORTEST_MOTIVE
from alerts.console.landing import HOME, landing, towards
from alerts.console.reminders import acknowledge, due
from alerts.console.sessions import Session
from alerts.errors import CaseNotFound, RedisRefused, RedisUnavailable
from alerts.language import Language
from alerts.routing import QUEUES
from alerts.scope import OutOfScope
from detectors.errors import UnusableInput

_WITHOUT_REMINDER = ("/logout", "/reminder")


class Guard:
    """Looks at sessions, forms and reminders before an answer is given."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._settings = answers.settings
        self._cookies = Cookies(answers.settings)

    def guarded(self, answer: Callable[[Asking], Response]) -> Callable[[Request], Awaitable[Response]]:
        """A page for those who have logged in; a form must come with the session's own token."""
        problem = self._answers.problem

        async def endpoint(request: Request) -> Response:
            try:
                session_id = self._cookies.read(request, COOKIE)
                session = await run_in_threadpool(self._settings.sessions.used, session_id)
                language = await run_in_threadpool(self._answers.language, request, session)
            except (RedisUnavailable, RedisRefused):
                return problem("503", self._settings.language, None, 503)
            if session is None:
                if request.method == "POST" or request.url.path == "/stream":
                    return problem("csrf", language, None, 403)
                return RedirectResponse(towards("/login", _asked(request)), 303)
            try:
                form = await sent(request) if request.method == "POST" else {}
                if request.method == "POST" and not secrets.compare_digest(
                    session.csrf.encode(), form.get("csrf", "").encode()
                ):
                    return problem("csrf", language, session, 403)
                if await run_in_threadpool(self._reminds, request, session):
                    return RedirectResponse(towards("/reminder", _asked(request)), 303)
                return await run_in_threadpool(answer, Asking(request, session, language, form))
            except OutOfScope as error:
                return await self._refused(request, session, language, error)
            except UnusableInput:
                return problem("400", language, session, 400)
            except CaseNotFound:
                return problem("404", language, session, 404)
            except (RedisUnavailable, RedisRefused):
                return problem("503", language, session, 503)

        return endpoint

    def reminder(self, asking: Asking) -> Response:
        """The reminder, and what is said to it."""
        if asking.request.method != "POST":
            wanted = landing(asking.request.query_params.get("next", ""))
            content = {"next": wanted, "here": towards("/reminder", wanted)}
            return self._answers.page(asking, "reminder.html", content)
        settings, name = self._settings, asking.person.name
        self._answers.record(asking.person, "person.reminded", f"person:{name}")
        acknowledge(settings.client, name, settings.clock(), where=settings.where)
        return RedirectResponse(landing(asking.form.get("next", "")), 303)

    def _reminds(self, request: Request, session: Session) -> bool:
        """Whether the session's person has to be reminded first."""
        settings = self._settings
        if request.url.path in _WITHOUT_REMINDER:
            return False
        return due(settings.client, session.person.name, settings.clock(), settings.reminder_days, where=settings.where)

    async def _refused(self, request: Request, session: Session, language: Language, error: OutOfScope) -> Response:
        """403, in the log; for a firm's page with the way to break the glass, where that is allowed."""
        path = request.url.path
        said = f"console.{request.method.lower()}", f"page:{path[:200]}"
        try:
            await run_in_threadpool(self._answers.record, session.person, *said, "refused", str(error))
        except (RedisUnavailable, RedisRefused):
            return self._answers.problem("503", language, session, 503)
        named = request.path_params.get("department") in QUEUES and request.method == "GET"
        if named and session.person.acts and error.why in ("zone", "no-alert"):
            content = {"address": path, "hours": f"{self._settings.glass_hours:g}"}
            content |= {"shortest": str(SHORTEST_MOTIVE), "longest": str(LONGEST_MOTIVE)}
            return self._answers.html("glass.html", language, content, session, 403)
        return self._answers.problem("403", language, session, 403)


def _asked(request: Request) -> str:
    """The page that was asked for, as its address has it; the list where something was sent."""
    if request.method != "GET":
        return HOME
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
