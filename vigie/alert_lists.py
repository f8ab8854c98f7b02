"""`vigie alerts list` and `export`: the same query, on the screen or into a file."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts import cases
from alerts.case_wording import HOLD_WORDS, summary
from alerts.exports import MOST_ROWS, as_csv, as_xlsx, check_size
from alerts.holds import Hold
from alerts.language import Language
from alerts.listing import Query
from alerts.options import AlertsOptions
from alerts.recording import departments_named
from alerts.terminal import clean_json
from streams.whole_file import write_whole
from vigie.alert_options import asked, json_option, opened, redis_option
from vigie.audited import audited
from vigie.settings import options_of

COLOURS = {"strong": "red", "moderate": "yellow", "none": "green"}


@click.command("list")
@options_of(AlertsOptions)
@redis_option
@asked
@click.option("--limit", type=click.IntRange(min=1), default=20, help="At most this many.")
@json_option
def list_(options: AlertsOptions, redis_url: str | None, query: Query, limit: int, as_json: bool) -> None:
    """List the firms to deal with, the most urgent first.

    Firms that nobody has taken yet are held back by the network's four standard filters, and counted on stderr:
    --let-through and --all show them.

    Example: vigie alerts list --department 21 --tier strong --sector C --min-headcount 50
    """
    with (
        opened(options, redis_url) as (desk, client, _, url),
        audited(client, url, "case.list", departments_named(query.departments)),
    ):
        page = desk.listed(query, limit=limit)
    for case in page.cases:
        if as_json:
            click.echo(clean_json(cases.encode(case).decode()))
            continue
        first, *rest = summary(case, options.language)
        # None: colour where stdout is a terminal.
        colour = False if os.environ.get("NO_COLOR") else None
        click.echo("\n".join([click.style(first, fg=COLOURS[case.tier], bold=True), *rest, ""]), color=colour)
    click.echo(_tally(len(page.cases), page.total, page.held, options.language), err=True)


@click.command()
@options_of(AlertsOptions)
@redis_option
@asked
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=MOST_ROWS, help="Refuse to write more cases.")
@click.option("--format", "format_", type=click.Choice(["csv", "xlsx"]), help="Default: by the file's name, else csv.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
def export(
    options: AlertsOptions, redis_url: str | None, query: Query, limit: int, format_: str | None, file: Path
) -> None:
    """Write the firms of a list to FILE (- is stdout), with its filters and the date of its data.

    The same options as of `vigie alerts list`, and the same firms: all of them, or none where there are too many.

    Example: vigie alerts export --department 21 cote-d-or.xlsx
    """
    kind = format_ or ("xlsx" if file.suffix.lower() == ".xlsx" else "csv")
    with (
        opened(options, redis_url) as (desk, client, _, url),
        audited(client, url, "case.export", departments_named(query.departments)),
    ):
        page = desk.listed(query)
        check_size(page.total, limit)
    content = (as_xlsx if kind == "xlsx" else as_csv)(page.cases, query, datetime.now(UTC), options.language)
    if str(file) == "-":
        click.get_binary_stream("stdout").write(content)
    else:
        write_whole(file, content)
    click.echo(_tally(page.total, page.total, page.held, options.language), err=True)


def _tally(shown: int, total: int, held: Counter[Hold], language: Language) -> str:
    """How many there are, how many are not shown, and why."""
    french = language == "fr"
    text = f"{shown} dossiers sur {total}." if french else f"{shown} cases of {total}."
    if held:
        parts = ", ".join(f"{HOLD_WORDS[language][hold]} {count}" for hold, count in held.items())
        lead = "Retenus par les filtres standards :" if french else "Held back by the standard filters:"
        text += f" {lead} {parts} (--all)."
    return text
