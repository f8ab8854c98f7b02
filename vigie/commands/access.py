"""`vigie access`: Redis users from the clearance file, who sees what, and who is logged in."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from alerts import audit, clearance, redis_acl
from alerts.connect import connect, safe_url
from alerts.console import sessions as console_sessions
from alerts.console.glass import REPORT_DAYS, reported
from alerts.options import AlertsOptions
from alerts.recording import departments_named
from alerts.routing import QUEUES
from alerts.terminal import clean
from detectors.errors import UnusableInput
from vigie.access_tokens import token
from vigie.audited import audited
from vigie.secret_files import redis_passwords
from vigie.settings import options_of

_file = click.argument("file", metavar="CLEARANCES", type=click.Path(path_type=Path, dir_okay=False))


class Reviewed(msgspec.Struct, frozen=True):
    """A user in a review: the tables that the rights come from, and the last entry of the audit log."""

    user: str
    roles: tuple[str, ...]
    departments: tuple[str, ...]
    by: tuple[str, ...]
    last_use: datetime | None


@click.group()
def command() -> None:
    """Make Redis users from the clearance file, review who sees what, end sessions, give tokens to programs."""


command.add_command(token)


@command.command()
@_file
@click.option(
    "--secrets",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the users' secrets: a file each, for VIGIE_REDIS_FILE, made where it is missing (mode 0600).",
)
@click.option("--address", default="redis://127.0.0.1:6379/0", help="Redis as the users reach it, for these files.")
@click.option("--commands", is_flag=True, help="Commands for a running server instead of an ACL file.")
def redis(file: Path, folder: Path, address: str, commands: bool) -> None:
    """Print the Redis users of a clearance file, with hashes of their passwords and never a password.

    Example: vigie access redis clearances.toml --secrets secrets/ > users.acl
    """
    clearances = clearance.read(file)
    passwords = redis_passwords(folder, [c.user for c in clearances], address)
    made = redis_acl.commands if commands else redis_acl.acl_file
    for line in made(clearances, passwords):
        click.echo(line)


@command.command()
@options_of(AlertsOptions)
@_file
@click.option("--department", help="Only who sees this department.")
@click.option("--last-use", is_flag=True, help="With each user's last entry in the audit log, from Redis.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of text.")
def review(options: AlertsOptions, file: Path, department: str | None, last_use: bool, as_json: bool) -> None:
    """Print who sees what, by which tables of the file, for the review of rights twice a year."""
    _queues(department)
    used = _last_uses(options) if last_use else {}
    rows = [
        Reviewed(c.user, c.roles, c.queues, tuple(grant.source for grant in c.grants), used.get(c.user))
        for c in clearance.read(file)
        if department is None or department in c.queues or not set(c.roles) <= {*clearance.LOCAL_ROLES, "auditor"}
    ]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        click.echo(_text(row, with_use=last_use))


@command.command()
@options_of(AlertsOptions)
@click.option("--user", help="Only this person's.")
@click.option("--end", "to_end", is_flag=True, help="End them at once, open pages within five seconds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of text.")
def sessions(options: AlertsOptions, user: str | None, to_end: bool, as_json: bool) -> None:
    """List the sessions that are open on the web pages, or end them: of one person, or all.

    Example: vigie access sessions --user jdupont --end
    """
    where = safe_url(options.redis)
    object_ = f"person:{user}" if user else "person:all"
    with (
        connect(options.redis, options.redis_timeout_seconds) as client,
        audited(client, options.redis, "session.end" if to_end else "session.list", object_),
    ):
        found = [item for item in console_sessions.listed(client, where=where) if user in (None, item.name)]
        if to_end:
            console_sessions.end(client, [item.mark for item in found], where=where)
    if as_json:
        click.echo(msgspec.json.encode([item._asdict() for item in found]).decode())
        return
    for item in found:
        parts = (item.name, f"since {item.began:%Y-%m-%d %H:%M}", f"last use {item.used:%H:%M} UTC", item.mark[:12])
        click.echo(clean("  ".join(parts)))
    click.echo(f"{len(found)} session{'' if len(found) == 1 else 's'}{' ended' if to_end else ''}", err=True)


@command.command()
@options_of(AlertsOptions)
@click.option("--department", help="Only firms of this department.")
@click.option("--days", type=click.IntRange(min=1), default=REPORT_DAYS, help="Of so many days.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of text.")
def glass(options: AlertsOptions, department: str | None, days: int, as_json: bool) -> None:
    """List who broke the glass for which firm, and why: the report of the week, for supervisors.

    Example: vigie access glass --department 21
    """
    queues = _queues(department)
    where = safe_url(options.redis)
    with (
        connect(options.redis, options.redis_timeout_seconds) as client,
        audited(client, options.redis, "glass.list", departments_named(queues)),
    ):
        found = reported(client, datetime.now(UTC), where=where, departments=queues, days=days)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for item in found:
        parts = (f"{item.at:%Y-%m-%d %H:%M}", item.name, item.department, item.siren, item.motive)
        click.echo(clean("  ".join(parts)))
    click.echo(f"{len(found)} in {days} days", err=True)


def _queues(department: str | None) -> tuple[str, ...]:
    if department is not None and department not in QUEUES:
        raise UnusableInput(f"{department!r} is no department: write a code such as 01, 2A or 974, or `unknown`")
    return QUEUES if department is None else (department,)


def _last_uses(options: AlertsOptions) -> dict[str, datetime]:
    """The time of the last entry of each Redis user: an actor is `user@login`."""
    with connect(options.redis, options.redis_timeout_seconds) as client:
        entries = (audit.decode(item.entry) for item in audit.stored(client, where=safe_url(options.redis)))
        return {entry.actor.partition("@")[0]: entry.at for entry in entries}


def _text(row: Reviewed, *, with_use: bool) -> str:
    seen = "all departments" if row.departments == QUEUES else ", ".join(row.departments)
    if not row.departments:
        seen = "the audit log" if row.roles == ("auditor",) else "all departments, for its work"
    parts = [row.user, ", ".join(row.roles), seen, f"by {', '.join(row.by)}"]
    if with_use:
        parts.append(f"last use {row.last_use:%Y-%m-%d}" if row.last_use else "never used")
    return clean("  ".join(parts))
