"""The API as an application, to be mounted: who asks, what for, and how it is answered."""

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import redis
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alerts.api import tokens
from alerts.api.limits import Limits
from alerts.api.openapi import description
from alerts.api.operations import OPERATIONS, Operation
from alerts.api.problems import Refused, problem
from alerts.api.service import Asked, File, Service
from alerts.catalogue import Catalogue
from alerts.errors import CaseNotFound, RedisRefused, RedisUnavailable
from alerts.language import Language
from alerts.scope import OutOfScope
from detectors.errors import UnusableInput

PREFIX = "/api/v1"
LONGEST_BYTES = 64_000
PER_MINUTE = 300


class Settings(NamedTuple):
    """What the API needs: Redis and how its address may be shown, the language, the measures, clocks, the rate."""

    client: redis.Redis
    where: str
    language: Language
    measures: Catalogue
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    per_minute: int = PER_MINUTE


def application(settings: Settings) -> Starlette:
    """The whole API; nothing of it needs a session or a cookie."""
    api = _Api(settings)
    document = msgspec.json.encode(description())

    async def openapi(_: Request) -> Response:
        return Response(document, media_type="application/json")

    routes = [Route(op.path, api.endpoint(op), methods=[op.method]) for op in OPERATIONS]
    handlers: Any = {HTTPException: not_served}
    return Starlette(routes=[Route("/openapi.json", openapi), *routes], exception_handlers=handlers)


async def not_served(_: Request, error: HTTPException) -> Response:
    """The answer at an address that there is not, or that does not take the method."""
    return problem(Refused("method" if error.status_code == 405 else "not-found"), error.headers)


class _Api:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = Limits(settings.per_minute)
        self._service = Service(
            settings.client,
            where=settings.where,
            language=settings.language,
            measures=settings.measures,
            clock=settings.clock,
        )

    def endpoint(self, op: Operation) -> Callable[[Request], Awaitable[Response]]:
        """The answer to an operation's requests."""

        async def answer(request: Request) -> Response:
            try:
                return await self._answer(op, request)
            except Refused as error:
                return problem(error, _CHALLENGE if error.kind == "token" else None)
            except UnusableInput as error:
                return problem(Refused("request", str(error)))
            except CaseNotFound:
                return problem(Refused("not-found"))
            except (RedisUnavailable, RedisRefused):
                return problem(Refused("unavailable"), {"Retry-After": "1"})

        return answer

    async def _answer(self, op: Operation, request: Request) -> Response:
        token = await run_in_threadpool(self._token, request.headers.get("authorization", ""))
        wait = self._limits.wait_seconds(token.id, self._settings.monotonic())
        if wait:
            return problem(Refused("rate"), {"Retry-After": str(math.ceil(wait))})
        try:
            path = msgspec.to_builtins(msgspec.convert(request.path_params, op.path_type))
        except msgspec.ValidationError:
            raise CaseNotFound("no such name") from None
        query = _query(request.query_params.multi_items(), op.query)
        body = await _body(request, op.body) if op.body else None
        try:
            done = await run_in_threadpool(op.do, self._service, Asked(token, path, query, body))
        except OutOfScope as error:
            said = request.method, request.url.path, str(error)
            await run_in_threadpool(self._service.refused, token.person, *said)
            raise Refused("scope", str(error)) from None
        if isinstance(done, File):
            named = {"Content-Disposition": f'attachment; filename="{done.name}"'}
            return Response(done.content, headers=named, media_type=done.media_type)
        return Response(msgspec.json.encode(done), media_type="application/json")

    def _token(self, header: str) -> tokens.Token:
        kind, _, text = header.partition(" ")
        settings = self._settings
        found = tokens.found(settings.client, text.strip(), settings.clock(), where=settings.where)
        if kind.lower() != "bearer" or found is None:
            raise Refused("token")
        return found


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _query(pairs: Sequence[tuple[str, str]], kind: type[msgspec.Struct]) -> Any:
    """The parameters as a struct: those that are lists may be given several times. Raises Refused."""
    lists = {field.name for field in msgspec.structs.fields(kind) if isinstance(field.default, tuple)}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Refused("request", f"{name[:40]} is given twice")
        else:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("request", str(error)[:200]) from None


async def _body(request: Request, kind: type[msgspec.Struct]) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("media-type")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LONGEST_BYTES:
            raise Refused("too-large", f"a body has {LONGEST_BYTES} bytes at most")
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("request", str(error)[:200]) from None
