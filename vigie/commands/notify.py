"""`vigie notify`: tells other programs and people of alerts."""

import signal
import threading

import click
from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server
from prometheus_client.process_collector import ProcessCollector

from alerts.metrics import AlertMetrics
from alerts.notify.options import NotifyOptions
from alerts.notify.running import run
from alerts.options import AlertsOptions
from detectors.errors import UnusableInput
from vigie import logs
from vigie.alert_options import redis_option
from vigie.settings import options_of


@click.command()
@options_of(NotifyOptions, AlertsOptions)
@redis_option
@click.option("--metrics-port", default=0, envvar="VIGIE_METRICS_PORT", help="Port of /metrics; 0 is off.")
@click.option(
    "--metrics-host", default="127.0.0.1", envvar="VIGIE_METRICS_HOST", help="Address that this port listens on."
)
@click.option(
    "--log-format",
    type=click.Choice(logs.FORMATS),
    default="console",
    envvar="VIGIE_LOG_FORMAT",
    help="A line for readers, or JSON for collectors.",
)
def command(
    options: NotifyOptions,
    alerts: AlertsOptions,
    redis_url: str | None,
    metrics_port: int,
    metrics_host: str,
    log_format: str,
) -> None:
    """Send alerts to webhooks and by mail, as the file of subscriptions says, until SIGTERM or SIGINT.

    Each from its first start on; after a stop it goes on where it was. Run one process.

    Example: vigie notify --subscriptions subscriptions.toml
    """
    logs.start(log_format, "info")
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = AlertMetrics(registry)
    if metrics_port:
        try:
            start_http_server(metrics_port, metrics_host, registry)
        except OSError as error:
            raise UnusableInput(
                f"metrics cannot be served on {metrics_host}:{metrics_port}: {error.strerror}. Give another "
                "--metrics-port; 0 serves none"
            ) from None
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    run(options, alerts, redis_url or alerts.redis, metrics, stopping)
