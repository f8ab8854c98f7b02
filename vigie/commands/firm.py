"""`vigie firm`: what is held about one firm, erased."""

import click

from alerts import audit, erasure
from alerts.connect import connect, safe_url
from alerts.options import AlertsOptions
from detectors.errors import UnusableInput, VigieError
from streams import erasure as logs
from streams.cluster import Cluster
from streams.options import WorkerOptions
from vigie.actor import actor_of
from vigie.settings import options_of


@click.group()
def command() -> None:
    """Erase what is held about a firm."""


@command.command()
@options_of(Cluster, AlertsOptions)
@click.argument("siren")
@click.option("--reason", required=True, help="Why, for the audit log: the request's own reference.")
@click.option(
    "--cut-off-logs",
    is_flag=True,
    help="Also delete all events, alerts, examples and dead letters in Kafka that are dealt with: every firm's.",
)
def erase(cluster: Cluster, options: AlertsOptions, siren: str, reason: str, cut_off_logs: bool) -> None:
    """Erase a firm from the scorer's state and from Redis; all workers must be stopped.

    A log lets no single record be deleted: what events and alerts of the firm stay in Kafka is said at the end, and
    --cut-off-logs deletes it with everybody's. May be run again.
    """
    if not (len(siren) == 9 and siren.isascii() and siren.isdecimal()):
        raise UnusableInput(f"{siren!r} is not a SIREN: write its 9 digits")
    logs.require_idle(cluster)
    entry = audit.Entry(actor=actor_of(options.redis), action="firm.erase", object=f"firm:{siren}", detail=reason)
    with connect(options.redis, options.redis_timeout_seconds) as client:
        where = safe_url(options.redis)
        # Before anything is gone: an erasure that nobody can tell of must not be.
        audit.record(client, entry, where=where)
        try:
            state = logs.erase_state(cluster, siren, WorkerOptions.write_timeout_seconds)
            click.echo(f"state: {state.firms} record(s) of the firm, {state.cohorts} of cohorts with it")
            erased = erasure.erase(client, siren, where=where)
            click.echo(f"Redis: {erased.entries} entries, {erased.others} keys and members")
            if cut_off_logs:
                for topic, count in logs.cut_off(cluster).items():
                    click.echo(f"{topic}: {count} record(s), every firm's")
            else:
                click.echo(
                    f"left in {', '.join(logs.LOGS)}, until retention or --cut-off-logs: see docs/how-to/secure.md"
                )
        except VigieError as error:
            audit.record(client, _failed(entry, error), where=where)
            raise


def _failed(entry: audit.Entry, error: VigieError) -> audit.Entry:
    return audit.Entry(
        actor=entry.actor, action=entry.action, object=entry.object, outcome="failed", detail=type(error).__name__
    )
