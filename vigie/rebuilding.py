"""`vigie alerts rebuild`: Redis filled again from Kafka. Of the agents' commands, the only one that reads Kafka."""

import sys
import time
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click
import msgspec
from prometheus_client import CollectorRegistry

from alerts.connect import connect, safe_url
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from streams.cluster import Cluster
from vigie.alert_options import department_option, redis_option, since_option
from vigie.meter import Meter
from vigie.settings import options_of

if TYPE_CHECKING:
    from streams.rebuild import Tally


@click.command("rebuild")
@options_of(Cluster, AlertsOptions)
@redis_option
@department_option
@since_option
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object.")
def command(
    cluster: Cluster,
    options: AlertsOptions,
    redis_url: str | None,
    department: tuple[str, ...],
    since: datetime | None,
    as_json: bool,
) -> None:
    """Fill Redis again from Kafka, after it came back empty or with old data.

    Alerts that are there stay as they are, those that are missing are appended. It may run beside dispatchers, and
    again after it was broken off. Alerts trimmed for their age do not come back.

    Example: vigie alerts rebuild --department 21
    """
    # Here: the other commands of this group work where Kafka's packages are not installed.
    from streams.rebuild import Tally, Wanted, rebuild

    url = redis_url or options.redis
    wanted = Wanted(frozenset(department), since.date() if since else None)
    tally = Tally()
    began = time.monotonic()
    with connect(url, options.redis_timeout_seconds) as client, Meter(lambda: _line(tally, began), sys.stderr):
        rebuild(
            cluster,
            client,
            wanted,
            tally,
            where=safe_url(url),
            metrics=AlertMetrics(CollectorRegistry()),
            clock=time.time,
        )
    seconds = time.monotonic() - began
    if as_json:
        click.echo(msgspec.json.encode(asdict(tally) | {"seconds": round(seconds, 3)}).decode())
    else:
        click.echo(
            f"{tally.restored} alerts restored, {tally.already_there} were there, {tally.passed_over} not wanted, "
            f"{tally.refused} records are no alert; {_rate(tally, seconds)}"
        )


def _line(tally: "Tally", began: float) -> str:
    return f"{tally.read} of {tally.total} read, {tally.restored} restored, {_rate(tally, time.monotonic() - began)}"


def _rate(tally: "Tally", seconds: float) -> str:
    return f"{tally.read / max(seconds, 1e-3):.0f} a second"
