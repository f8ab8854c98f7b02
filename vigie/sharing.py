"""`vigie alerts groups` and `vigie alerts stuck`: how administrations share queues, and what they could not work on."""

from datetime import UTC, datetime

import click
import msgspec

from alerts import aside, groups
from alerts.connect import connect, safe_url
from alerts.options import AlertsOptions
from alerts.routing import QUEUES
from alerts.terminal import clean, clean_json
from detectors.errors import UnusableInput
from vigie.alert_options import department_option, redis_option
from vigie.settings import options_of

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")
_administration = click.argument("administration")
_ids = click.argument("ids", nargs=-1, metavar="[ID]...")


@click.group("groups")
def groups_command() -> None:
    """Consumer groups: an administration's own place in departments' queues."""


@groups_command.command("list")
@options_of(AlertsOptions)
@redis_option
@department_option
@_json
def list_groups(options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], as_json: bool) -> None:
    """Show each group: what it has pending, and what it has not been given yet."""
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        found = groups.groups(client, department, where=safe_url(url))
    for group in found:
        click.echo(msgspec.json.encode(group._asdict()).decode() if as_json else _group_text(group))


@groups_command.command()
@options_of(AlertsOptions)
@redis_option
@department_option
@click.option("--from-now", is_flag=True, help="Only alerts that land from now on; else from the oldest one kept.")
@_administration
def join(
    options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], from_now: bool, administration: str
) -> None:
    """Make an administration's group in each department; one that is there already stays as it is.

    Example: vigie alerts groups join urssaf --department 21
    """
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        made = [groups.join(client, d, administration, from_now=from_now, where=safe_url(url)) for d in department]
    click.echo(f"{sum(made)} made, {len(made) - sum(made)} there already", err=True)


@groups_command.command()
@options_of(AlertsOptions)
@redis_option
@department_option
@_administration
def leave(options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], administration: str) -> None:
    """End an administration's group, with its place and all that it has pending.

    Queues are not trimmed as long as a group needs what is in them: end one that nobody reads for any more. The
    departments must be named.
    """
    if department == QUEUES:
        raise UnusableInput("name the departments that are left, with --department")
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        ended = [groups.leave(client, d, administration, where=safe_url(url)) for d in department]
    click.echo(f"{sum(ended)} ended, {len(ended) - sum(ended)} not there", err=True)


@click.group("stuck")
def stuck_command() -> None:
    """Alerts that an administration's programs could not work on, set aside with the cause."""


@stuck_command.command("list")
@options_of(AlertsOptions)
@redis_option
@department_option
@_json
def list_stuck(options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], as_json: bool) -> None:
    """Show what was set aside, the oldest first in each department."""
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        found = aside.listed(client, department, where=safe_url(url))
    for item in found:
        click.echo(clean_json(msgspec.json.encode(item).decode()) if as_json else _aside_text(item))


@stuck_command.command()
@click.pass_context
@options_of(AlertsOptions)
@redis_option
@department_option
@_ids
def replay(
    options: AlertsOptions,
    context: click.Context,
    redis_url: str | None,
    department: tuple[str, ...],
    ids: tuple[str, ...],
) -> None:
    """Give what was set aside to its group again, once the cause is mended: all of it, or the IDs of `stuck list`.

    A member's next sweep gets it; other groups and readers see nothing of it. Exit status 1 where some could not be
    given back; they stay aside.
    """
    url = redis_url or options.redis
    kept = 0
    with connect(url, options.redis_timeout_seconds) as client:
        for item in _chosen(aside.listed(client, department, where=safe_url(url)), ids):
            [outcome] = aside.replay(client, item.department, [item.id], where=safe_url(url))
            click.echo(f"{item.department} {item.id} {outcome}")
            kept += outcome != "replayed"
    if kept:
        context.exit(1)


@stuck_command.command()
@options_of(AlertsOptions)
@redis_option
@department_option
@click.option("--all", "everything", is_flag=True, help="All that was set aside in these departments.")
@_ids
def drop(
    options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], everything: bool, ids: tuple[str, ...]
) -> None:
    """Forget what was set aside. The alerts stay in their queue, for everybody else."""
    if bool(ids) == everything:
        raise UnusableInput("name the IDs of `vigie alerts stuck list`, or all of them with --all")
    url = redis_url or options.redis
    dropped = 0
    with connect(url, options.redis_timeout_seconds) as client:
        for item in _chosen(aside.listed(client, department, where=safe_url(url)), ids):
            dropped += aside.drop(client, item.department, [item.id], where=safe_url(url))
    click.echo(f"{dropped} dropped", err=True)


def _chosen(found: list[aside.Aside], ids: tuple[str, ...]) -> list[aside.Aside]:
    unknown = set(ids) - {item.id for item in found}
    if unknown:
        raise UnusableInput(
            f"nothing of that ID was set aside: {', '.join(sorted(unknown))}. `vigie alerts stuck list` has them all"
        )
    return [item for item in found if not ids or item.id in ids]


def _group_text(group: groups.Group) -> str:
    pending = f"{group.pending} pending"
    if group.oldest_pending is not None:
        pending += f", the oldest of {_landed(group.oldest_pending)}"
    waiting = "some" if group.waiting is None else str(group.waiting)
    return (
        f"{group.department} {group.administration}: {pending}; {waiting} not given yet; {group.consumers} consumers, "
        f"read up to {_landed(group.last_delivered)}"
    )


def _landed(entry: str) -> str:
    milliseconds = int(entry.partition("-")[0])
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}" if milliseconds else "nothing"


def _aside_text(item: aside.Aside) -> str:
    return (
        f"{item.department} {item.id} {item.set_aside_at:%Y-%m-%d %H:%M:%S} {item.administration}: "
        f"{clean(item.cause)}\n  entry {item.entry}, {item.deliveries} deliveries, {len(item.alert)} characters"
    )
