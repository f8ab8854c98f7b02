"""`vigie console`: the web pages for agents."""

import click

from alerts.connect import connect
from alerts.console.options import ConsoleOptions
from alerts.console.serving import serve
from alerts.options import AlertsOptions
from vigie.alert_options import redis_option
from vigie.settings import options_of


@click.command()
@options_of(ConsoleOptions, AlertsOptions)
@redis_option
def command(options: ConsoleOptions, alerts: AlertsOptions, redis_url: str | None) -> None:
    """Serve the web pages on which agents see and work on their cases.

    Until interrupted. The only login is the one for trying out, on this machine alone.

    Example: vigie console --clearances clearances.toml --dev-login
    """
    url = redis_url or alerts.redis
    with connect(url, alerts.redis_timeout_seconds) as client:
        serve(options, alerts, client, url, lambda address: click.echo(f"console on {address}", err=True))
