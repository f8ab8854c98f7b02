"""What the commands of `vigie alerts` share: their options, and the desk that these open."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from alerts import audit
from alerts.cases import STATES
from alerts.connect import connect, has_password, safe_url
from alerts.desk import Desk
from alerts.history import Entry
from alerts.holds import HOLDS
from alerts.listing import ORDERS, Query, everything
from alerts.options import AlertsOptions
from alerts.routing import QUEUES, UNKNOWN
from alerts.sectors import LETTERS
from detectors.errors import UnusableInput
from vigie.actor import actor_of


def _queue(_context: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    queues = tuple(dict.fromkeys(UNKNOWN if value.lower() == UNKNOWN else value.upper() for value in values))
    for queue in queues:
        if queue not in QUEUES:
            raise click.BadParameter(f"{queue!r} is no department: write a code such as 01, 2A or 974, or `{UNKNOWN}`")
    return queues or QUEUES


def is_siren(text: str) -> bool:
    """Whether a text is nine digits."""
    return len(text) == 9 and text.isascii() and text.isdecimal()


def _siren(_context: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    digits = "".join(value.split()) if value is not None else None
    if digits is not None and not is_siren(digits):
        raise click.BadParameter(f"{value!r} is not a SIREN: write its 9 digits")
    return digits


def _sectors(_context: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    sectors = tuple(value.upper() for value in values)
    for sector in sectors:
        if sector not in LETTERS and not sector[:2].isdecimal():
            raise click.BadParameter(
                f"{sector!r} is no sector: write a section (C) or the beginning of a NAF code (25)"
            )
    return sectors


def _without_password(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from_flag = context.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
    if value is not None and from_flag and has_password(value):
        raise UnusableInput(
            "--redis has a password, and every user of this machine can read it there (ps), as in the shell's history: "
            "put the URL into VIGIE_REDIS, or into a file of mode 0600 that VIGIE_REDIS_FILE names, and change the "
            "password that was shown"
        )
    return value


redis_option = click.option(
    "--redis",
    "redis_url",
    envvar="VIGIE_REDIS",
    callback=_without_password,
    help="Redis that holds the alerts [default: redis://127.0.0.1:6379/0]. A URL with a password is refused here: "
    "put it into VIGIE_REDIS or a file named by VIGIE_REDIS_FILE.",
)
department_option = click.option(
    "--department",
    multiple=True,
    callback=_queue,
    metavar="CODE",
    help=f"Only this department, `{UNKNOWN}` for alerts without one; may be repeated. By default all.",
)
tier_option = click.option(
    "--tier", multiple=True, type=click.Choice(["strong", "moderate", "none"]), help="Only this level."
)
kind_option = click.option(
    "--kind", multiple=True, type=click.Choice(["raised", "jump", "lowered"]), help="Only this kind."
)
since_option = click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
    help="Only alerts as of this day or later: 2019-01-31 or 31/01/2019.",
)
siren_option = click.option("--siren", callback=_siren, help="Only this firm.")
json_option = click.option("--json", "as_json", is_flag=True, help="One line of JSON each instead of text.")

_CASES = (
    click.option("--state", multiple=True, type=click.Choice(STATES), help="Only this state [new, taken, followed]."),
    click.option(
        "--sector",
        multiple=True,
        callback=_sectors,
        metavar="NAF",
        help="Only this section (C) or NAF code (25, 25.6).",
    ),
    click.option("--min-headcount", type=float, help="Only firms of at least so many employees."),
    click.option("--max-headcount", type=float, help="Only firms of at most so many employees."),
    click.option("--min-debt", type=float, help="Only firms that owe at least so many euros."),
    click.option("--name", help="Only firms with this in their name."),
    click.option("--holder", metavar="AGENT", help="Only what this agent took or follows."),
    click.option("--escalated", is_flag=True, help="Only what has waited too long."),
    click.option(
        "--let-through",
        multiple=True,
        type=click.Choice(HOLDS),
        help="A standard filter that does not apply: not a first alert, in a procedure, with a schedule, just closed.",
    ),
    click.option("--all", "everything_", is_flag=True, help="Every case, in any state, without the standard filters."),
    click.option("--order", type=click.Choice(ORDERS), default="priority", help="What comes first."),
)


def asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose cases, made into one `query` argument."""

    @functools.wraps(function)
    def with_query(
        *args: Any,
        department: tuple[str, ...],
        tier: tuple[str, ...],
        kind: tuple[str, ...],
        since: datetime | None,
        siren: str | None,
        state: tuple[Any, ...],
        sector: tuple[str, ...],
        min_headcount: float | None,
        max_headcount: float | None,
        min_debt: float | None,
        name: str | None,
        holder: str | None,
        escalated: bool,
        let_through: tuple[Any, ...],
        everything_: bool,
        order: Any,
        **kwargs: Any,
    ) -> Any:
        query = Query(
            departments=department,
            states=state or Query().states,
            tiers=tier,
            kinds=kind,
            sectors=sector,
            least_headcount=min_headcount,
            most_headcount=max_headcount,
            least_debt_euros=min_debt,
            since=since.date() if since else None,
            siren=siren,
            name=name,
            holder=holder,
            escalated=escalated,
            let_through=let_through,
            order=order,
        )
        if everything_ and state:
            raise UnusableInput("--all and --state say two things: give one of them")
        return function(*args, query=everything(query) if everything_ else query, **kwargs)

    decorated: Callable[..., Any] = with_query
    shared = (department_option, tier_option, kind_option, since_option, siren_option)
    for option in reversed((*shared, *_CASES)):
        decorated = option(decorated)
    return decorated


class Opened(NamedTuple):
    """A desk, its client, how its address may be shown, and the address itself."""

    desk: Desk
    client: Any
    where: str
    url: str


@contextmanager
def opened(options: AlertsOptions, redis_url: str | None) -> Iterator[Opened]:
    """The desk on the Redis of the options; connects at its first use. What is done there is in the audit log."""
    url = redis_url or options.redis
    with connect(url, options.redis_timeout_seconds) as client:

        def record(entry: Entry) -> None:
            done = audit.Entry(
                actor=actor_of(url),
                action=f"case.{entry.action}",
                object=f"case:{entry.queue}:{entry.siren}",
                detail=f"by {entry.by}, version {entry.version}",
            )
            audit.record(client, done, where=safe_url(url))

        desk = Desk(client, where=safe_url(url), clock=lambda: datetime.now(UTC), record=record)
        yield Opened(desk, client, safe_url(url), url)
