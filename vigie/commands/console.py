"""`vigie console`: the web pages for agents."""

import time

import click

from alerts.connect import connect
from alerts.console.metrics import ConsoleMetrics
from alerts.console.options import ConsoleOptions, OidcOptions
from alerts.console.serving import reachable, serve
from alerts.console.vitals import Vitals
from alerts.options import AlertsOptions, OrientationOptions
from vigie import logs
from vigie.alert_options import redis_option
from vigie.settings import options_of
from vigie.watched import be_seen, log_options, metrics_options, new_registry

LOOK_SECONDS = 1.0
"""How long a look at Redis may take: probes wait for it."""


@click.command()
@options_of(ConsoleOptions, OidcOptions, AlertsOptions, OrientationOptions)
@redis_option
@metrics_options
@log_options
def command(
    options: ConsoleOptions,
    oidc: OidcOptions,
    alerts: AlertsOptions,
    orientation: OrientationOptions,
    redis_url: str | None,
    metrics_port: int,
    metrics_host: str,
    log_format: str,
    log_level: str,
) -> None:
    """Serve the web pages on which agents see and work on their cases.

    Until interrupted. People log in at an OpenID Connect provider (--oidc-issuer); --dev-login is for trying out, on
    this machine alone.

    Example: vigie console --clearances clearances.toml --oidc-issuer https://login.example --oidc-client-id vigie
    """
    logs.start(log_format, log_level)
    url = redis_url or alerts.redis
    registry = new_registry()
    metrics = ConsoleMetrics(registry)
    with connect(url, alerts.redis_timeout_seconds) as client, connect(url, LOOK_SECONDS) as looking:
        vitals = Vitals(time.monotonic, lambda: reachable(looking))
        be_seen(metrics_host, metrics_port, registry, vitals.health)
        said = lambda address: click.echo(f"console on {address}", err=True)  # noqa: E731
        serve(options, oidc, alerts, orientation, client, url, said, metrics, vitals)
