"""The console on a port, until it is told to stop."""

import random
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import redis
import uvicorn

from alerts import catalogue
from alerts.connect import safe_url
from alerts.console.app import Settings, application
from alerts.console.claims import Names
from alerts.console.feed import Feed
from alerts.console.metrics import ConsoleMetrics
from alerts.console.oidc import Provider
from alerts.console.oidc_login import ProviderLogin
from alerts.console.options import ConsoleOptions, OidcOptions, check
from alerts.console.people import People
from alerts.console.sessions import Sessions
from alerts.console.vitals import Vitals
from alerts.inbox import BLOCK_MS
from alerts.options import AlertsOptions, OrientationOptions
from alerts.outage import waits
from detectors.errors import UnusableInput, VigieError

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
    oidc: OidcOptions,
    alerts: AlertsOptions,
    orientation: OrientationOptions,
    client: redis.Redis,
    url: str,
    say: Callable[[str], None],
    metrics: ConsoleMetrics,
    vitals: Vitals,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises UnusableInput for options or a clearance file that cannot be used,
    CannotListen.
    """
    check(options, oidc)
    measures = catalogue.read(orientation.measures)
    with _listening(options.console_host, options.console_port) as listener:
        scheme = "http" if options.console_certificate is None else "https"
        here = f"{scheme}://{options.console_host}:{listener.getsockname()[1]}"
        settings = _settings(options, oidc, alerts, client, url, (options.console_url or here).rstrip("/"))
        config = uvicorn.Config(
            application(settings._replace(metrics=metrics, measures=measures)),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=options.console_certificate,
            ssl_keyfile=options.console_key,
        )
        try:
            config.load()
        except OSError as error:
            raise UnusableInput(f"{options.console_certificate}, {options.console_key}: {error}") from error
        say(here)
        Server(config, vitals).run([listener])


def _settings(
    options: ConsoleOptions, oidc: OidcOptions, alerts: AlertsOptions, client: redis.Redis, url: str, address: str
) -> Settings:
    known = People(options.clearances) if options.clearances else None
    sessions = Sessions(
        client,
        time.time,
        where=safe_url(url),
        via=oidc.oidc_issuer or "",
        current=known.current if known is not None else lambda _: None,
        idle_seconds=options.console_idle_minutes * 60,
        longest_seconds=options.console_session_hours * 3600,
    )
    return Settings(
        client=client,
        where=safe_url(url),
        people=known if known is not None else {},
        login=_login(oidc, known),
        url=address,
        glass_hours=options.console_glass_hours,
        reminder_days=options.console_reminder_days if oidc.oidc_issuer else 0.0,
        language=alerts.language,
        sessions=sessions,
        waits=lambda: waits(random.random, alerts.redis_first_wait_seconds, alerts.redis_longest_wait_seconds),
        hosts=(options.console_host, urlsplit(address).hostname or "", "127.0.0.1", "localhost"),
        block_ms=max(1, min(BLOCK_MS, int(alerts.redis_timeout_seconds * 500))),
        api_rate=max(1, options.api_per_minute),
    )


def _login(oidc: OidcOptions, known: People | None) -> ProviderLogin | None:
    """How people log in by the provider; None for the login for trying out."""
    if oidc.oidc_issuer is None or oidc.oidc_client_id is None:
        return None
    names = Names(
        oidc.oidc_name_claim,
        oidc.oidc_roles_claim,
        oidc.oidc_departments_claim,
        oidc.oidc_regions_claim,
        oidc.oidc_data_claim,
    )
    provider = Provider(
        oidc.oidc_issuer,
        oidc.oidc_client_id,
        oidc.oidc_client_secret,
        scope=oidc.oidc_scope,
        leeway_seconds=oidc.oidc_leeway_seconds,
    )
    return ProviderLogin(provider, names, known)


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
