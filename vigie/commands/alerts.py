"""`vigie alerts`: the agent's side, on Redis alone."""

import functools
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from alerts import catalogue, inbox
from alerts.administrations import Rule, handed, rules
from alerts.alert import Alert
from alerts.case_wording import entry_line, summary
from alerts.cases import Case
from alerts.catalogue import Catalogue
from alerts.connect import connect, safe_url
from alerts.desk import Desk
from alerts.errors import CaseNotFound
from alerts.language import Language
from alerts.notices import NoticeOptions
from alerts.options import AlertsOptions, OrientationOptions
from alerts.orientation import proposals, situation
from alerts.orientation_wording import lines
from alerts.outage import waits
from alerts.recording import departments_named
from alerts.rendering import render
from alerts.terminal import clean_json
from detectors.errors import UnusableInput
from vigie import rebuilding, sharing
from vigie.alert_actions import COMMANDS as ACTIONS
from vigie.alert_archive import restore, save
from vigie.alert_lists import COLOURS, export, list_
from vigie.alert_measures import measures, propose
from vigie.alert_options import (
    department_option,
    is_siren,
    json_option,
    kind_option,
    opened,
    redis_option,
    since_option,
    siren_option,
    tier_option,
)
from vigie.audited import audited
from vigie.settings import options_of


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
    for option in (siren_option, since_option, kind_option, tier_option, department_option):
        decorated = option(decorated)
    return decorated


@click.group()
def command() -> None:
    """Watch alerts, list the firms to deal with, take and follow them."""


@command.command()
@options_of(AlertsOptions)
@redis_option
@_filtered
@click.option("--from-start", is_flag=True, help="Begin with all the alerts that there are.")
@click.option("--last", type=click.IntRange(min=0), default=0, help="Begin with this many of the last ones.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after this many alerts.")
@json_option
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
        with audited(client, url, "alert.watch", departments_named(filters.queues)):
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


@command.command()
@options_of(AlertsOptions, OrientationOptions)
@redis_option
@department_option
@json_option
@click.argument("what", metavar="SIREN|ALERT")
def show(
    options: AlertsOptions,
    orientation: OrientationOptions,
    redis_url: str | None,
    department: tuple[str, ...],
    as_json: bool,
    what: str,
) -> None:
    """Show a firm's case with its last alert, the support measures that fit and its history, or one alert by its id.

    Example: vigie alerts show 123456789
    """
    siren = "".join(what.split())
    known = catalogue.read(orientation.measures)
    with opened(options, redis_url) as (desk, client, where, url):
        if not is_siren(siren):
            with audited(client, url, "alert.show", f"alert:{what}"):
                item, case = desk.of_alert(what, department)
            _show(item, options.language, as_json)
            if case is not None and not as_json:
                _show_measures(known, case, item.alert, options.language)
            return
        with audited(client, url, "case.show", f"firm:{siren}"):
            found = desk.find(siren, department)
        if not found:
            raise CaseNotFound(
                f"no case of the firm {siren} in Redis at {where}; `vigie alerts list --all` has them all"
            )
        for case in found:
            _show_case(desk, case, known, options.language, as_json)


def _show_case(desk: Desk, case: Case, known: Catalogue, language: Language, as_json: bool) -> None:
    history = desk.history(case.department, case.siren)
    received = desk.alerts(case.department, case.siren)
    alert = received[-1].alert if received else None
    if as_json:
        content = {
            "case": case,
            "measures": [proposal._asdict() for proposal in proposals(known, situation(case, alert))],
            "history": [entry._asdict() for entry in history],
            "alerts": [msgspec.Raw(item.raw) for item in received],
        }
        click.echo(clean_json(msgspec.json.encode(content).decode()))
        return
    click.echo("\n".join(summary(case, language)))
    if alert:
        click.echo("\n".join(f"  {line}" for line in render(alert, language)))
    _show_measures(known, case, alert, language)
    click.echo("\n".join(f"  {entry_line(entry, language)}" for entry in history) + "\n")


def _show_measures(known: Catalogue, case: Case, alert: Alert | None, language: Language) -> None:
    for line in lines(proposals(known, situation(case, alert)), case, language):
        click.echo(f"  {line}")


@command.command()
@options_of(AlertsOptions)
@redis_option
@click.option("--rules", "rules_file", required=True, type=click.Path(path_type=Path), help="The rules (TOML).")
@click.option("--consumer", default="1", help="Which of the administration's programs this is.")
@json_option
@click.argument("administration")
def notices(
    options: AlertsOptions,
    redis_url: str | None,
    rules_file: Path,
    consumer: str,
    as_json: bool,
    administration: str,
) -> None:
    """Print what an administration is to be told of by its rule, each once among its programs, until interrupted.

    Example: vigie alerts notices urssaf --rules rules.toml --json
    """
    rule = _rule(rules_file, administration)
    with opened(options, redis_url) as (_, client, where, url):
        with audited(client, url, "case.notices", f"administration:{administration}"):
            pass  # what is read later is read on this entry
        wanted = handed(
            client,
            administration,
            rule,
            consumer,
            where=where,
            waits=lambda: _pauses(options),
            sleep=time.sleep,
            block_ms=_block_ms(options),
        )
        for entry, case in wanted:
            if as_json:
                content = {"entry": entry._asdict(), "case": case}
                click.echo(clean_json(msgspec.json.encode(content).decode()))
            else:
                click.echo(
                    "\n".join([*summary(case, options.language), f"  {entry_line(entry, options.language)}", ""])
                )


def _rule(path: Path, administration: str) -> Rule:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableInput(f"{path}: {reason}. Give a file of rules with --rules") from None
    known = rules(text, str(path))
    if administration not in known:
        raise UnusableInput(f"{path} has no rule for {administration!r}; it has {', '.join(known) or 'none'}")
    return known[administration]


@command.command()
@options_of(AlertsOptions, NoticeOptions)
@redis_option
@department_option
def escalate(
    options: AlertsOptions, settings: NoticeOptions, redis_url: str | None, department: tuple[str, ...]
) -> None:
    """Escalate what nobody has taken in time, and bring back what was put aside until today.

    The dispatcher does so every minute; this is for those who run none.
    """
    with opened(options, redis_url) as (desk, *_):
        done = desk.sweep(settings, department)
    for entry in done:
        click.echo(f"{entry.queue} {entry.siren} {entry_line(entry, options.language)}")


for part in (
    list_,
    *ACTIONS,
    propose,
    measures,
    export,
    save,
    restore,
    rebuilding.command,
    sharing.groups_command,
    sharing.stuck_command,
):
    command.add_command(part)


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
    return click.style(text, fg=COLOURS[alert.tier], bold=True)
