"""`vigie evaluate`: how good the scores of a replay were, once the answers are in."""

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import click
import msgspec

from detectors.errors import UnusableInput
from detectors.evaluation.report import Evaluation, EvaluationOptions, evaluate
from streams import alert_file, ingest, read_scores
from streams.errors import Unwritable
from streams.evaluate import Judging, gather
from streams.report import Report
from vigie import evaluation_page, evaluation_tables
from vigie.parameters import MONTH
from vigie.settings import options_of

Format = Literal["table", "json", "html"]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option(
    "--scores",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Scores of `vigie replay` (CSV, or Parquet by its ending).",
)
@click.option(
    "--alerts",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Alerts of `vigie replay` (NDJSON), for lead time and alerts a week.",
)
@click.option("--horizon", default=18, type=click.IntRange(1), help="Months within which a procedure was predicted.")
@click.option("--until", type=MONTH, help="Last month of the data to judge by; it is taken as complete.")
@click.option(
    "--references",
    is_flag=True,
    help="Also fit the batch models that Vigie is compared with: minutes. Needs vigie[evaluation].",
)
@click.option(
    "--format",
    default="table",
    type=click.Choice(get_args(Format)),
    help="html has plots. Needs vigie[evaluation].",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write to instead of stdout.")
@options_of(EvaluationOptions, ingest.IngestOptions)
def command(
    options: EvaluationOptions,
    reading: ingest.IngestOptions,
    paths: tuple[Path, ...],
    scores: Path,
    alerts: Path | None,
    horizon: int,
    until: int | None,
    references: bool,
    format: Format,
    output: Path | None,
) -> None:
    """Judge scores by the proceedings that came.

    A firm-month is judged once the horizon has passed in the files given, the same ones that were replayed. Average
    precision, AUROC, calibration, levels, lead time and alerts a week come with intervals by firm and with dummies
    beside them: overall, by month, half-year, sector, size and region.

    \b
    vigie replay deliveries/ --scores scores.csv --alerts alerts.ndjson
    vigie evaluate deliveries/ --scores scores.csv --alerts alerts.ndjson
    vigie evaluate deliveries/ --scores scores.csv --references --format html --output evaluation.html
    """  # noqa: D301 - \b is click's own mark: lines that are not to be joined
    _need(references, format)
    judging = Judging(
        rows=read_scores.read(scores),
        paths=paths,
        horizon=horizon,
        until=until,
        alerts=None if alerts is None else alert_file.read(alerts),
        references=references,
    )
    report = Report()
    evaluation = evaluate(gather(judging, report, reading, datetime.now(UTC).date()), options)
    for line in (*report.notes, *report.lines()):
        click.echo(line, err=True)
    _write(_rendered(evaluation, format), output)
    failure = report.failure()
    if failure:
        raise failure


def _need(references: bool, format: Format) -> None:
    """Miss a package before the work, not after it."""
    if references:
        importlib.import_module("sklearn")
    if format == "html":
        importlib.import_module("matplotlib")


def _rendered(evaluation: Evaluation, format: Format) -> str:
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(evaluation)).decode() + "\n"
    return evaluation_tables.text(evaluation) if format == "table" else evaluation_page.page(evaluation)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except FileNotFoundError as error:
        raise UnusableInput(
            f"{output} cannot be written: {error.strerror}. Name a file in a folder that exists"
        ) from error
    except OSError as error:
        raise Unwritable(str(output), error) from error
