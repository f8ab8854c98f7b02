"""`vigie alerts`: the agent's side, on Redis alone."""

import functools
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import click
import msgspec

from alerts import inbox
from alerts.alert import Alert
from alerts.connect import connect, safe_url
from alerts.language import Language
from alerts.options import AlertsOptions
from alerts.outage import waits
from alerts.rendering import render
from alerts.terminal import clean_json
from detectors.errors import UnusableInput
from vigie import rebuilding, sharing
from vigie.alert_options import department as department_option
from vigie.alert_options import redis_url as redis_url_option
from vigie.alert_options import since as since_option
from vigie.audited import audited, departments
from vigie.settings import options_of

_COLOURS = {"strong": "red", "moderate": "yellow", "none": "green"}


def _siren(_context: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    digits = "".join(value.split()) if value is not None else None
    if digits is not None and not (len(digits) == 9 and digits.isascii() and digits.isdecimal()):
        raise click.BadParameter(f"{value!r} is not a SIREN: write its 9 digits")
    return digits


_tier = click.option(
    "--tier", multiple=True, type=click.Choice(["strong", "moderate", "none"]), help="Only this level."
)
_kind = click.option("--kind", multiple=True, type=click.Choice(["raised", "jump", "lowered"]), help="Only this kind.")
_siren_option = click.option("--siren", callback=_siren, help="Only this firm.")
_json = click.option("--json", "as_json", is_flag=True, help="One line of JSON an alert instead of text.")


def _filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose alerts, made into one `filters` argument."""

    @functools.wraps(function)
    def with_filters(
        *args: Any,
        department: tuple[str, ...],
        tier: tuple[str, ...],
        kind: tuple[str, ...],
        since: datetime | None,
        siren: str | None,
        **kwargs: Any,
    ) -> Any:
        filters = inbox.Filters(department, tier, kind, since.date() if since else None, siren)
        return function(*args, filters=filters, **kwargs)

    decorated: Callable[..., Any] = with_filters
    for option in (_siren_option, since_option, _kind, _tier, department_option):
        decorated = option(decorated)
    return decorated


@click.group()
def command() -> None:
    """Watch and list alerts."""


for further in (rebuilding.command, sharing.groups_command, sharing.stuck_command):
    command.add_command(further)


@command.command()
@options_of(AlertsOptions)
@redis_url_option
@_filtered
@click.option("--from-start", is_flag=True, help="Begin with all the alerts that there are.")
@click.option("--last", type=click.IntRange(min=0), default=0, help="Begin with this many of the last ones.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after this many alerts.")
@_json
def watch(
    options: AlertsOptions,
    redis_url: str | None,
    filters: inbox.Filters,
    from_start: bool,
    last: int,
    count: int | None,
    as_json: bool,
) -> None:
    """Print alerts as they land, until interrupted.

    An outage of Redis is waited out; nothing is missed or shown twice.

    Example: vigie alerts watch --department 21 --tier strong
    """
    if from_start and last:
        raise UnusableInput("--from-start and --last say two things: give one of them")
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        with audited(client, url, "alert.watch", departments(filters.queues)):
            pass  # what is read later is read on this entry
        received = inbox.watch(
            client,
            filters,
            where=safe_url(url),
            earlier=None if from_start else last,
            waits=lambda: _pauses(options),
            sleep=time.sleep,
            block_ms=_block_ms(options),
        )
        for shown, item in enumerate(received, 1):
            _show(item, options.language, as_json)
            if shown == count:
                return


@command.command("list")
@options_of(AlertsOptions)
@redis_url_option
@_filtered
@click.option("--limit", type=click.IntRange(min=1), default=20, help="At most this many.")
@_json
def list_(options: AlertsOptions, redis_url: str | None, filters: inbox.Filters, limit: int, as_json: bool) -> None:
    """List the alerts that landed, the last one first.

    Example: vigie alerts list --department 21 --since 2019-01-01 --json
    """
    url = redis_url or options.redis
    with (
        connect(url, options.redis_timeout_seconds) as client,
        audited(client, url, "alert.list", departments(filters.queues)),
    ):
        found = inbox.list_alerts(client, filters, limit, where=safe_url(url))
    for item in found:
        _show(item, options.language, as_json)
    if not found:
        click.echo("Aucune alerte." if options.language == "fr" else "No alert.", err=True)


@command.command()
@options_of(AlertsOptions)
@redis_url_option
@department_option
@_json
@click.argument("alert_id", metavar="ID")
def show(
    options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], as_json: bool, alert_id: str
) -> None:
    """Show one alert by its id.

    Example: vigie alerts show 3f2a90c1d4e5b6a798012345
    """
    url = redis_url or options.redis
    with (
        connect(url, options.redis_timeout_seconds) as client,
        audited(client, url, "alert.show", f"alert:{alert_id}"),
    ):
        item = inbox.show(client, alert_id, department, where=safe_url(url))
    _show(item, options.language, as_json)


def _pauses(options: AlertsOptions) -> Iterator[float]:
    return waits(random.random, options.redis_first_wait_seconds, options.redis_longest_wait_seconds)


def _block_ms(options: AlertsOptions) -> int:
    """How long Redis may hold a read back: well below the time after which the client gives it up for dead."""
    return max(1, min(inbox.BLOCK_MS, int(options.redis_timeout_seconds * 500)))


def _show(item: inbox.Received, language: Language, as_json: bool) -> None:
    if as_json:
        # Decoded and encoded again: one line, fields that this version does not know included.
        click.echo(clean_json(msgspec.json.encode(msgspec.json.decode(item.raw)).decode()))
        return
    first, *rest = render(item.alert, language)
    text = "\n".join([_emphasised(first, item.alert), *rest, ""])
    # None: colour where stdout is a terminal.
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def _emphasised(text: str, alert: Alert) -> str:
    return click.style(text, fg=_COLOURS[alert.tier], bold=True)
