"""`vigie access token`: who may ask the API for what."""

from datetime import UTC, datetime

import click
import msgspec

from alerts import audit
from alerts.api import tokens
from alerts.api.tokens import Right, Token
from alerts.connect import connect, safe_url
from alerts.masking import ALL_DATA, DATA, Data
from alerts.options import AlertsOptions
from alerts.recording import departments_named
from alerts.routing import QUEUES
from alerts.terminal import clean
from detectors.errors import UnusableInput
from vigie.actor import actor_of
from vigie.alert_options import department_option, json_option, redis_option
from vigie.audited import audited
from vigie.settings import options_of


@click.group()
def token() -> None:
    """Create, list and revoke tokens of the JSON API."""


@token.command()
@options_of(AlertsOptions)
@redis_option
@department_option
@click.option("--everywhere", is_flag=True, help="For all departments, which must be said.")
@click.option("--right", multiple=True, type=click.Choice(tokens.RIGHTS), help="What it may do beside reading.")
@click.option("--data", multiple=True, type=click.Choice(DATA), help="What is not masked; by default nothing is.")
@click.option("--days", default=90, help=f"How long it lasts, {tokens.LONGEST_DAYS} days at most.")
@click.argument("name")
def create(
    options: AlertsOptions,
    redis_url: str | None,
    department: tuple[str, ...],
    everywhere: bool,
    right: tuple[Right, ...],
    data: tuple[Data, ...],
    days: int,
    name: str,
) -> None:
    """Print a new token, once: only a hash of it is kept.

    Example: vigie access token create codefi-75 --department 75 --right act
    """
    if (department == QUEUES) != everywhere:
        raise UnusableInput("say for which departments: --department, or --everywhere")
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        where = safe_url(url)
        seen = frozenset(data) or ALL_DATA
        text, made = tokens.create(client, name, department, right, days, datetime.now(UTC), where=where, data=seen)
        entry = audit.Entry(
            actor=actor_of(url),
            action="token.create",
            object=f"token:{made.id}",
            detail=f"{name}, {', '.join(made.rights)}, {departments_named(department)}, to {made.expires_at:%Y-%m-%d}",
        )
        try:
            audit.record(client, entry, where=where)
        except BaseException:
            # A token that the log does not know of must not be given.
            tokens.revoke(client, made.id, where=where)
            raise
    click.echo(text)


@token.command(name="list")
@options_of(AlertsOptions)
@redis_option
@json_option
def list_(options: AlertsOptions, redis_url: str | None, as_json: bool) -> None:
    """List the tokens that there are: never what lets anybody in."""
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:
        found = tokens.listed(client, where=safe_url(url))
    now = datetime.now(UTC)
    for one in found:
        click.echo(msgspec.json.encode(_shown(one)).decode() if as_json else clean(_text(one, now)))


@token.command()
@options_of(AlertsOptions)
@redis_option
@click.argument("token_id", metavar="ID")
def revoke(options: AlertsOptions, redis_url: str | None, token_id: str) -> None:
    """Take a token away, at once.

    Example: vigie access token revoke 3f2a90c1d4e5
    """
    url = redis_url or options.redis
    with (
        connect(url, options.redis_timeout_seconds) as client,
        audited(client, url, "token.revoke", f"token:{token_id}"),
    ):
        there = tokens.revoke(client, token_id, where=safe_url(url))
    if not there:
        raise UnusableInput(f"there is no token {token_id!r}; `vigie access token list` has them")


def _shown(one: Token) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(one)
    del fields["digest"]
    return fields


def _text(one: Token, now: datetime) -> str:
    zone = "all departments" if one.departments == QUEUES else ", ".join(one.departments)
    ends = "expired" if one.expires_at <= now else "to"
    return "  ".join([one.id, one.name, ", ".join(one.rights), zone, f"{ends} {one.expires_at:%Y-%m-%d}"])
