"""`vigie audit`: the audit log, read, checked, exported and purged."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from alerts import audit
from alerts.audit import Sealed, Stored
from alerts.audit_check import Anchor, Verdict, check
from alerts.connect import connect, safe_url
from alerts.options import AlertsOptions, AuditOptions
from alerts.terminal import clean, clean_json
from detectors.errors import UnusableInput, VigieError
from vigie.actor import actor_of
from vigie.settings import options_of

_FILE = click.Path(path_type=Path, dir_okay=False)


class Exported(msgspec.Struct, frozen=True):
    """A line of an export: an entry as it lies in Redis, to the byte."""

    id: str
    hash: str
    entry: msgspec.Raw


@click.group()
def command() -> None:
    """Read and check the log of who read, changed or was refused what."""


@command.command("list")
@options_of(AlertsOptions)
@click.option("--actor", help="Only this actor's entries.")
@click.option("--action", help="Only this action, as in alert.show.")
@click.option("--object", "object_", help="Only this object, as in alert:3f2a90c1d4e5b6a798012345.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]), help="Only from this day on (UTC).")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="At most this many, the last ones.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON an entry instead of text.")
def list_(
    options: AlertsOptions,
    actor: str | None,
    action: str | None,
    object_: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List entries, the last one last.

    Example: vigie audit list --actor agent-21@jdupont
    """
    wanted = [(name, value) for name, value in (("actor", actor), ("action", action), ("object", object_)) if value]
    first = since.replace(tzinfo=UTC) if since else datetime.min.replace(tzinfo=UTC)
    with connect(options.redis, options.redis_timeout_seconds) as client:
        entries = (_decoded(item) for item in audit.stored(client, where=safe_url(options.redis)))
        found = deque((e for e in entries if e.at >= first and all(getattr(e, n) == v for n, v in wanted)), limit)
    for entry in found:
        click.echo(clean_json(msgspec.json.encode(entry).decode()) if as_json else _text(entry))


@command.command()
@options_of(AlertsOptions, AuditOptions)
@click.option("--anchors", type=_FILE, help="Check against this file of `vigie audit anchor`.")
@click.option("--from", "exported", type=_FILE, help="Check this file of `vigie audit export`, not Redis.")
@click.pass_context
def verify(
    context: click.Context, options: AlertsOptions, kept: AuditOptions, anchors: Path | None, exported: Path | None
) -> None:
    """Check that no entry was changed, removed, moved or cut off.

    Exit status 1, and what is wrong, where the log is not as it was written.
    """
    known = _anchors(anchors) if anchors is not None and anchors.exists() else []
    if anchors is not None and not known:
        raise UnusableInput(f"{anchors} holds no anchor: make one with `vigie audit anchor {anchors}`")
    if exported is not None:
        verdict = check(_from_file(exported), None, known, kept_days=kept.audit_days)
    else:
        verdict = _verdict(options, known, kept.audit_days)
    if verdict.findings:
        for finding in verdict.findings:
            click.echo(clean(finding))
        context.exit(1)
    click.echo(f"{verdict.entries} entries, {verdict.first} to {verdict.last}: as they were written")


@command.command()
@options_of(AlertsOptions, AuditOptions)
@click.argument("file", type=_FILE)
def anchor(options: AlertsOptions, kept: AuditOptions, file: Path) -> None:
    """Add the last entry's number and hash to FILE, once the log is found whole.

    Keep the file where those who administer Redis cannot write: against it, `verify` finds a log that was written anew.
    """
    known = _anchors(file) if file.exists() else []
    _require_whole(_verdict(options, known, kept.audit_days))
    with connect(options.redis, options.redis_timeout_seconds) as client:
        head = audit.head(client, where=safe_url(options.redis))
    line = msgspec.json.encode(Anchor(head.seq, head.hash, head.now)).decode()
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        raise UnusableInput(f"{file}: {error.strerror}. Name a file that can be written") from error
    click.echo(line)


@command.command()
@options_of(AlertsOptions)
@click.argument("file", type=click.File("wb"))
def export(options: AlertsOptions, file: BinaryIO) -> None:
    """Write every entry to FILE (- is stdout), a line of JSON each; `vigie audit verify --from FILE` checks it."""
    with connect(options.redis, options.redis_timeout_seconds) as client:
        for item in audit.stored(client, where=safe_url(options.redis)):
            _decoded(item)
            file.write(msgspec.json.encode(Exported(item.id, item.hash, msgspec.Raw(item.entry))) + b"\n")


@command.command()
@options_of(AlertsOptions, AuditOptions)
def purge(options: AlertsOptions, kept: AuditOptions) -> None:
    """Remove what is older than --audit-days, once the log is found whole; an entry says what was removed.

    To be run every day.
    """
    _require_whole(_verdict(options, [], kept.audit_days))
    with connect(options.redis, options.redis_timeout_seconds) as client:
        entry = audit.purge(client, actor_of(options.redis), kept.audit_days, where=safe_url(options.redis))
    click.echo(f"removed up to entry {entry.object.partition(':')[0]}" if entry else "nothing is that old")


def _verdict(options: AlertsOptions, known: list[Anchor], days: int) -> Verdict:
    where = safe_url(options.redis)
    with connect(options.redis, options.redis_timeout_seconds) as client:
        head = audit.head(client, where=where)
        return check(audit.stored(client, where=where), head, known, kept_days=days)


def _require_whole(verdict: Verdict) -> None:
    if verdict.findings:
        raise VigieError(
            f"the audit log is not as it was written ({clean(verdict.findings[0])}): nothing was done. `vigie audit "
            "verify` says all that is wrong; `vigie audit export` keeps the log as it is, for whoever looks into it"
        )


def _decoded(item: Stored) -> Sealed:
    try:
        return audit.decode(item.entry)
    except msgspec.DecodeError as error:
        raise VigieError(
            f"the entry {item.id} of the audit log is none of its own ({error}): see `vigie audit verify`"
        ) from error


def _anchors(file: Path) -> list[Anchor]:
    try:
        return [msgspec.json.decode(line, type=Anchor) for line in file.read_bytes().splitlines()]
    except OSError as error:
        raise UnusableInput(f"{file}: {error.strerror}. Name a file of `vigie audit anchor`") from error
    except msgspec.DecodeError as error:
        raise UnusableInput(f"{file} holds something else than anchors ({error})") from error


def _from_file(file: Path) -> Iterator[Stored]:
    try:
        with file.open("rb") as stream:
            for line in stream:
                item = msgspec.json.decode(line, type=Exported)
                yield Stored(item.id, bytes(item.entry), item.hash)
    except OSError as error:
        raise UnusableInput(f"{file}: {error.strerror}. Name a file of `vigie audit export`") from error
    except msgspec.DecodeError as error:
        raise UnusableInput(f"{file} has a line that is no entry of an export ({error})") from error


def _text(entry: Sealed) -> str:
    at = entry.at - timedelta(microseconds=entry.at.microsecond)
    parts = (f"{entry.seq}", f"{at:%Y-%m-%dT%H:%M:%SZ}", entry.actor, entry.action, entry.object, entry.outcome)
    return clean("  ".join([*parts, *([entry.detail] if entry.detail else [])]))
