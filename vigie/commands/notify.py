"""`vigie notify`: tells other programs and people of alerts."""

import signal
import threading

import click
import msgspec

from alerts.metrics import AlertMetrics
from alerts.notify.options import NotifyOptions
from alerts.notify.running import run
from alerts.options import AlertsOptions
from vigie import logs
from vigie.alert_options import redis_option
from vigie.settings import options_of
from vigie.watched import be_seen, log_options, metrics_options, new_registry


class NotifyHealth(msgspec.Struct, frozen=True):
    """Everything at /health: where a subscription cannot go on, the process ends."""

    live: bool
    ready: bool
    problems: list[str]


@click.command()
@options_of(NotifyOptions, AlertsOptions)
@redis_option
@metrics_options
@log_options
def command(
    options: NotifyOptions,
    alerts: AlertsOptions,
    redis_url: str | None,
    metrics_port: int,
    metrics_host: str,
    log_format: str,
    log_level: str,
) -> None:
    """Send alerts to webhooks and by mail, as the file of subscriptions says, until SIGTERM or SIGINT.

    Each from its first start on; after a stop it goes on where it was. What is sent is what a subscription's owner may
    see. Of several processes one tells each subscription, and another takes over within seconds.

    Example: vigie notify --subscriptions subscriptions.toml --clearances clearances.toml
    """
    logs.start(log_format, log_level)
    registry = new_registry()
    metrics = AlertMetrics(registry)
    stopping = threading.Event()

    def health() -> NotifyHealth:
        goes_on = not stopping.is_set()
        return NotifyHealth(goes_on, goes_on, [] if goes_on else ["it was told to stop, or cannot go on"])

    be_seen(metrics_host, metrics_port, registry, health)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    run(options, alerts, redis_url or alerts.redis, metrics, stopping)
