"""`vigie status`: the operator's one screen."""

from datetime import UTC, datetime
from time import sleep

import click
import msgspec

from alerts.options import AlertsOptions
from streams.cluster import Cluster
from streams.status import Role, Status, collect
from vigie.alert_options import redis_option
from vigie.settings import options_of, secret


@click.command()
@click.pass_context
@options_of(Cluster)
@redis_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--watch", is_flag=True, help="Look again and again, until Ctrl-C; with --json an object a line.")
@click.option("--every-seconds", default=5.0, type=click.FloatRange(min=0.5), help="Pause between two looks.")
def command(
    cluster: Cluster, context: click.Context, redis_url: str | None, as_json: bool, watch: bool, every_seconds: float
) -> None:
    """Show lag, model, alerts, dead letters and health on one screen.

    A part that does not answer is shown as such. Exit status 1 only where neither Kafka nor Redis answers.
    """
    url = redis_url or str(secret(AlertsOptions, "redis"))
    while True:
        now = datetime.now(UTC)
        status = collect(cluster, url, AlertsOptions.redis_timeout_seconds, now.date())
        if watch and not as_json:
            # Clears nothing where the output is no terminal.
            click.clear()
            click.echo(f"{now:%Y-%m-%d %H:%M:%S} UTC, every {every_seconds:g} s; Ctrl-C ends")
        click.echo(msgspec.json.encode(status).decode() if as_json else screen(status))
        if not watch:
            break
        sleep(every_seconds)
    if not status.kafka_reachable and not status.redis_reachable:
        context.exit(1)


def screen(status: Status) -> str:
    """The status as text, one line a part."""
    rows = [
        ("state", "ready" if status.ready else "not ready"),
        *((role.group, _role(role)) for role in status.roles),
        ("model", _model(status)),
        *(("regime", line) for line in _regime(status)),
        ("alerts", _known(status.alerts_total)),
        ("dead letters", _known(status.dead_letters_total)),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    return "\n".join([*lines, *(f"! {problem}" for problem in status.problems)])


def _role(role: Role) -> str:
    return f"{role.lag} records of {role.topic} wait; group {role.state}, {role.members} member(s)"


def _model(status: Status) -> str:
    if status.model_version is None:
        return "none yet" if status.kafka_reachable else "unknown"
    if status.model_as_of is None:
        return f"{status.model_version}, the expert scorecard: nothing has been learned yet"
    return f"{status.model_version}, as of {status.model_as_of} ({status.model_age_days} days ago)"


def _regime(status: Status) -> list[str]:
    """A line for each alarm, or one."""
    if status.regime is None:
        return []
    return [f"{a.state} on {a.watch} since {a.since}: {a.reason}" for a in status.regime] or ["calm"]


def _known(number: int | None) -> str:
    return "unknown" if number is None else str(number)
