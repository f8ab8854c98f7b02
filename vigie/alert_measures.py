"""`vigie alerts propose` and `vigie alerts measures`: the right help for a firm, and what came of it."""

from typing import Any

import click
import msgspec

from alerts import actions, catalogue
from alerts.actions import Action
from alerts.options import AlertsOptions, OrientationOptions
from alerts.orientation_wording import tally
from alerts.terminal import clean, clean_json
from alerts.vocabulary import ANSWERS, worded
from vigie.alert_actions import acting, comment_option
from vigie.alert_options import department_option, json_option, opened, redis_option
from vigie.settings import options_of


@click.command()
@options_of(OrientationOptions)
@click.option("--outcome", type=click.Choice(list(ANSWERS)), help="What came of it, once that is known.")
@comment_option
@acting
@click.argument("measure")
def propose(orientation: OrientationOptions, measure: str, outcome: str | None, comment: str | None) -> Action:
    """Note that a support measure was proposed to a firm; with --outcome, what came of it.

    `vigie alerts show` says which measures fit, `vigie alerts measures` which there are.

    Example: vigie alerts propose 123456789 ccsf --comment "dossier envoyé"
    """
    measures = catalogue.read(orientation.measures)
    if outcome is None:
        return actions.Propose(catalogue.known(measures, measure), comment)
    return actions.Answer(measure, outcome, comment)


@click.command()
@options_of(AlertsOptions, OrientationOptions)
@redis_option
@department_option
@json_option
def measures(
    options: AlertsOptions,
    orientation: OrientationOptions,
    redis_url: str | None,
    department: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the support measures, how often each was proposed, and what came of it.

    Example: vigie alerts measures --department 21
    """
    known = catalogue.read(orientation.measures)
    with opened(options, redis_url) as (desk, *_):
        counts = desk.counts(department)
    for code, title, numbers in tally(known, counts, options.language):
        if as_json:
            row: dict[str, Any] = {"code": code, "title": title, "counts": numbers}
            if code in known:
                row["measure"] = known[code]
            click.echo(clean_json(msgspec.json.encode(row).decode()))
            continue
        proposed = "proposée" if options.language == "fr" else "proposed"
        parts = [
            f"{proposed if name == 'proposed' else worded(name, options.language)} {numbers[name]}"
            for name in ("proposed", *ANSWERS)
            if numbers.get(name)
        ]
        click.echo(clean("  ".join([code, title, *([", ".join(parts)] if parts else [])])))
