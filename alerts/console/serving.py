"""The console on a port, until it is told to stop."""

import random
import socket
import time
from collections.abc import Callable

import redis
import uvicorn

from alerts.connect import safe_url
from alerts.console.app import Settings, application
from alerts.console.feed import Feed
from alerts.console.metrics import ConsoleMetrics
from alerts.console.options import ConsoleOptions, checked
from alerts.console.people import People
from alerts.console.sessions import Sessions
from alerts.console.vitals import Vitals
from alerts.inbox import BLOCK_MS
from alerts.options import AlertsOptions
from alerts.outage import waits
from detectors.errors import VigieError

GRACE_SECONDS = 3
"""How long pages that are open may take to be told."""


class CannotListen(VigieError):
    """The port is taken, or not to be had."""


class Server(uvicorn.Server):
    """Ends the streams of open pages before it waits for its connections, and tells that it goes round."""

    def __init__(self, config: uvicorn.Config, vitals: Vitals | None = None) -> None:
        super().__init__(config)
        self._vitals = vitals

    async def on_tick(self, counter: int) -> bool:
        """Some ten times a second; uvicorn calls it."""
        if self._vitals is not None:
            self._vitals.beat()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving; uvicorn calls it."""
        if self._vitals is not None:
            self._vitals.end()
        feed: Feed = self.config.app.state.feed  # type: ignore[union-attr]  # an application of ours
        feed.end()
        await super().shutdown(sockets)


def serve(
    options: ConsoleOptions,
    alerts: AlertsOptions,
    client: redis.Redis,
    url: str,
    say: Callable[[str], None],
    metrics: ConsoleMetrics,
    vitals: Vitals,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises UnusableInput for options or a clearance file that cannot be used,
    CannotListen.
    """
    known = People(checked(options))
    sessions = Sessions(
        client,
        time.time,
        where=safe_url(url),
        current=known.current,
        idle_seconds=options.console_idle_minutes * 60,
        longest_seconds=options.console_session_hours * 3600,
    )
    settings = Settings(
        client=client,
        where=safe_url(url),
        people=known,
        language=alerts.language,
        sessions=sessions,
        waits=lambda: waits(random.random, alerts.redis_first_wait_seconds, alerts.redis_longest_wait_seconds),
        hosts=(options.console_host, "127.0.0.1", "localhost"),
        metrics=metrics,
        block_ms=max(1, min(BLOCK_MS, int(alerts.redis_timeout_seconds * 500))),
    )
    config = uvicorn.Config(
        application(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with _listening(options.console_host, options.console_port) as listener:
        say(f"http://{options.console_host}:{listener.getsockname()[1]}")
        Server(config, vitals).run([listener])


def reachable(client: redis.Redis) -> bool:
    """Whether Redis answers."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise CannotListen(f"{host}:{port} cannot be listened on: {error}. Choose another --console-port") from error
