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

SECONDS = WorkerOptions.write_timeout_seconds


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
    help="Instead of writing the logs anew without the firm, delete all that is dealt with in them: every firm's.",
)
def erase(cluster: Cluster, options: AlertsOptions, siren: str, reason: str, cut_off_logs: bool) -> None:
    """Erase a firm from Kafka and from Redis; all workers must be stopped, and have read all events.

    Each log that names the firm is written anew without it, then the scorer's state and the models' memory; Redis is
    deleted from. What is said of it in the audit log stays. After a kill, or an error, run it again.
    """
    if not (len(siren) == 9 and siren.isascii() and siren.isdecimal()):
        raise UnusableInput(f"{siren!r} is not a SIREN: write its 9 digits")
    logs.require_idle(cluster)
    logs.require_scored(cluster)
    entry = audit.Entry(actor=actor_of(options.redis), action="firm.erase", object=f"firm:{siren}", detail=reason)
    with connect(options.redis, options.redis_timeout_seconds) as client:
        where = safe_url(options.redis)
        # Before anything is gone: an erasure that nobody can tell of must not be.
        audit.record(client, entry, where=where)
        try:
            if cut_off_logs:
                _cut_off(cluster)
            else:
                _erase_logs(cluster, siren)
            state = logs.erase_state(cluster, siren, SECONDS)
            click.echo(f"state: {state.firms} record(s) of the firm, {state.cohorts} of cohorts with it")
            erased = erasure.erase(client, siren, where=where)
            click.echo(f"Redis: {erased.entries} entries, {erased.others} keys and members")
            click.echo(f"models: {logs.erase_models(cluster, siren, SECONDS)} version(s) with it")
        except VigieError as error:
            audit.record(client, _failed(entry, error), where=where)
            raise


def _erase_logs(cluster: Cluster, siren: str) -> None:
    for topic in logs.LOGS:
        done = logs.erase_log(cluster, topic, siren, SECONDS)
        click.echo(f"{topic}: {done.removed} record(s) of the firm, {done.changed} with it")


def _cut_off(cluster: Cluster) -> None:
    for topic, count in logs.cut_off(cluster).items():
        click.echo(f"{topic}: {count} record(s), every firm's")


def _failed(entry: audit.Entry, error: VigieError) -> audit.Entry:
    return audit.Entry(
        actor=entry.actor, action=entry.action, object=entry.object, outcome="failed", detail=type(error).__name__
    )
