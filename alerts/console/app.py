"""The console as a web application: which answer stands at which address.

Nothing of a firm is shown before the log has taken an entry that names who asked; where the log takes none, the answer
is 503. Sessions are in Redis, so that several processes serve the same people.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from alerts.api import app as api
from alerts.console.answers import Answers
from alerts.console.cookies import COOKIE, LOGIN_COOKIE
from alerts.console.feed import Feed
from alerts.console.firms import Firms
from alerts.console.guard import Guard
from alerts.console.headers import WithHeaders, headers
from alerts.console.lists import Lists
from alerts.console.logging_in import LoggingIn
from alerts.console.metrics import ConsoleMetrics, Measured
from alerts.console.settings import Settings
from alerts.desk import Desk

__all__ = ["COOKIE", "LOGIN_COOKIE", "Settings", "application"]


def application(settings: Settings) -> Starlette:
    """The whole application; its stream, `state.feed`, begins with it and ends with it."""
    metrics = settings.metrics or ConsoleMetrics(CollectorRegistry())
    read = Desk(settings.client, where=settings.where)
    feed = Feed(read, settings.waits, metrics, block_ms=settings.block_ms)
    answers = Answers(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        feed.start()
        try:
            yield
        finally:
            await feed.stop()
            if settings.login is not None:
                settings.login.provider.close()

    async def not_found(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(f"{api.PREFIX}/"):
            # With a line break in it, no address is the API's.
            return await api.not_served(request, error)
        return answers.problem("404", answers.language(request, None), None, 404)

    origin = None if settings.login is None else settings.login.origin
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts), www_redirect=False)
    made = Starlette(
        routes=_routes(answers, feed),
        middleware=[
            Middleware(Measured, metrics=metrics),
            Middleware(WithHeaders, headers=headers(origin, secure=settings.secure)),
            hosts,
        ],
        lifespan=lifespan,
        exception_handlers={404: not_found},  # type: ignore[dict-item] # of this status
    )
    made.state.feed = feed
    return made


def _routes(answers: Answers, feed: Feed) -> list[Route | Mount]:
    settings, guard = answers.settings, Guard(answers)
    login, lists, firms, guarded = LoggingIn(answers), Lists(answers, feed), Firms(answers), guard.guarded
    if settings.login is None:
        logins = [Route("/login", login.choose, methods=["POST"])]
    else:
        logins = [Route("/login/go", login.go), Route("/login/callback", login.back)]
    firm = "/firms/{department}/{siren}"
    return [
        Route("/", guarded(lists.page)),
        Route("/export", guarded(lists.export)),
        Route("/stream", guarded(lists.stream)),
        Route("/login", login.page),
        *logins,
        Route("/logout", guarded(login.out), methods=["POST"]),
        Route(firm, guarded(firms.page)),
        Route(f"{firm}/glass", guarded(firms.break_glass), methods=["POST"]),
        Route("/glass", guarded(firms.glasses)),
        Route("/reminder", guarded(guard.reminder), methods=["GET", "POST"]),
        Route(f"{firm}/{{action}}", guarded(firms.act), methods=["POST"]),
        Mount(api.PREFIX, api.application(_of_api(settings))),
        Mount("/static", StaticFiles(packages=[("alerts.console", "static")])),
    ]


def _of_api(settings: Settings) -> api.Settings:
    return api.Settings(
        settings.client,
        settings.where,
        settings.language,
        settings.measures,
        settings.clock,
        per_minute=settings.api_rate,
    )
