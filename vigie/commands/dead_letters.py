"""`vigie dead-letters`: what was refused and why, and putting it back."""

from datetime import UTC, datetime
from typing import get_args

import click
import msgspec

from streams.cluster import Cluster
from streams.dead_letters import Reason
from streams.reading import reader
from streams.refused import Entry, PutBack, entries, put_back
from vigie.settings import options_of

_SHOWN_CHARACTERS = 120

_reason_option = click.option(
    "--reason", "reasons", multiple=True, type=click.Choice(get_args(Reason)), help="Only these; may be repeated."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")


@click.group()
def command() -> None:
    """List the events that were refused, or put them back."""


@command.command("list")
@options_of(Cluster)
@_reason_option
@click.option("--limit", type=click.IntRange(min=1), default=20, help="How many, the newest.")
@_json_option
def list_(cluster: Cluster, reasons: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Show the newest dead letters, oldest first."""
    with reader(cluster) as consumer:
        for entry in entries(consumer, cluster, reasons, limit):
            click.echo(msgspec.json.encode(entry).decode() if as_json else _entry_text(entry))


@command.command()
@options_of(Cluster)
@_reason_option
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.  [default: all]")
@click.option("--send/--dry-run", default=False, help="Send them, or only show what would be sent.")
@_json_option
@click.pass_context
def replay(
    context: click.Context, cluster: Cluster, reasons: tuple[str, ...], limit: int | None, send: bool, as_json: bool
) -> None:
    """Put refused events back on vigie.events, once their cause is mended.

    Each original value is sent again, with the SIREN found in it as key. What would still be refused is not sent. Dead
    letters stay where they are, and a second run sends the same events again: that does no harm, every event may be
    applied twice. Exit status 1 where some could not be put back.
    """
    now = datetime.now(UTC)
    with reader(cluster) as consumer:
        chosen = entries(consumer, cluster, reasons, limit)
        results = list(put_back(consumer, cluster, chosen, now.date(), int(now.timestamp() * 1000), send=send))
    for result in results:
        click.echo(msgspec.json.encode(result).decode() if as_json else _result_text(result))
    kept = sum(result.outcome not in ("sent", "would be sent") for result in results)
    click.echo(f"{len(results) - kept} {'sent' if send else 'to send (--send does)'}, {kept} not", err=True)
    if kept:
        context.exit(1)


def _entry_text(entry: Entry) -> str:
    letter = entry.letter
    value = letter.value if len(letter.value) <= _SHOWN_CHARACTERS else letter.value[:_SHOWN_CHARACTERS] + "…"
    return (
        f"{entry.offset} {letter.refused_at:%Y-%m-%d %H:%M:%S} {letter.reason}: {letter.detail}\n"
        f"  {letter.topic}/{letter.partition}@{letter.offset} key {letter.key!r}, {letter.size_bytes} bytes, "
        f"by {letter.by}: {value!r}"
    )


def _result_text(result: PutBack) -> str:
    why = f" ({result.why})" if result.why else ""
    return f"{result.entry.offset} {result.outcome}{why}"
