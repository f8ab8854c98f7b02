"""`vigie alerts save` and `restore`: what agents did, into a file and back."""

from pathlib import Path

import click

from alerts import archive
from alerts.options import AlertsOptions
from detectors.errors import UnusableInput
from streams.whole_file import write_whole
from vigie.alert_options import department_option, opened, redis_option
from vigie.settings import options_of


@click.command()
@options_of(AlertsOptions)
@redis_option
@department_option
@click.argument("file", type=click.Path(path_type=Path))
def save(options: AlertsOptions, redis_url: str | None, department: tuple[str, ...], file: Path) -> None:
    """Write what agents did to FILE, as lines of JSON: Kafka does not have it.

    Example: vigie alerts save actions.ndjson
    """
    with opened(options, redis_url) as (_, client, where, _):
        lines = list(archive.save(client, department, where=where))
    write_whole(file, b"".join(line + b"\n" for line in lines))
    click.echo(f"{len(lines)} lines", err=True)


@click.command()
@options_of(AlertsOptions)
@redis_option
@click.argument("file", type=click.Path(path_type=Path))
def restore(options: AlertsOptions, redis_url: str | None, file: Path) -> None:
    """Put back what agents did, from a file of `vigie alerts save`, before the alerts come again.

    Example: vigie alerts restore actions.ndjson
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise UnusableInput(f"{file}: {error.strerror}. Give a file that `vigie alerts save` wrote") from None
    with opened(options, redis_url) as (_, client, where, _):
        click.echo(f"{archive.restore(client, lines, where=where)} cases", err=True)
