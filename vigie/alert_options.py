"""Options that the commands around alerts have in common."""

import click

from alerts.routing import QUEUES, UNKNOWN


def _queues(_context: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    queues = tuple(dict.fromkeys(UNKNOWN if value.lower() == UNKNOWN else value.upper() for value in values))
    for queue in queues:
        if queue not in QUEUES:
            raise click.BadParameter(f"{queue!r} is no department: write a code such as 01, 2A or 974, or `{UNKNOWN}`")
    return queues or QUEUES


redis_url = click.option(
    "--redis",
    "redis_url",
    envvar="VIGIE_REDIS",
    help="Redis that holds the alerts [default: redis://127.0.0.1:6379/0]. Keep a password off the command line: "
    "put the URL into VIGIE_REDIS or a file named by VIGIE_REDIS_FILE.",
)
department = click.option(
    "--department",
    multiple=True,
    callback=_queues,
    metavar="CODE",
    help=f"Only this department, `{UNKNOWN}` for alerts without one; may be repeated. By default all.",
)
since = click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
    help="Only alerts as of this day or later: 2019-01-31 or 31/01/2019.",
)
