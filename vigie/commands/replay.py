"""`vigie replay`: the whole detection chain over partner files, without Kafka."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from alerts import alert as contract
from alerts.alert import Alert
from alerts.options import AlertsOptions
from detectors import models
from detectors.capping import CapOptions
from detectors.chain import ChainOptions
from detectors.decisions import DecisionOptions
from detectors.errors import UnusableInput
from detectors.labels import HorizonOptions
from detectors.months import first_day
from detectors.outcome import Scores
from detectors.perimeter import PerimeterOptions
from detectors.regime import RegimeOptions
from streams import ingest, seed
from streams.clocks import clock
from streams.errors import Unwritable
from streams.frames import Frames
from streams.rejects import ignore, writer
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.score_file import ScoreFile, score_file
from vigie.parameters import MONTH
from vigie.settings import options_of


class Files:
    """Scores, and alerts as NDJSON, each where it was asked for."""

    def __init__(self, scores: ScoreFile | None, alerts: IO[bytes] | None) -> None:
        self._scores = scores
        self._alerts = alerts

    def scores(self, scores: Scores, model_version: str) -> None:
        """A row for each firm of the perimeter."""
        if self._scores is not None:
            self._scores.add(scores, model_version)

    def alert(self, alert: Alert) -> None:
        """A line for an alert."""
        if self._alerts is None:
            return
        try:
            self._alerts.write(contract.encode(alert) + b"\n")
        except OSError as error:
            raise Unwritable(self._alerts.name, error) from error


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option(
    "--scores",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the scores: Parquet if it ends in .parquet, else CSV.",
)
@click.option(
    "--alerts", "alerts_file", type=click.Path(path_type=Path, dir_okay=False), help="File for alerts (NDJSON)."
)
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="File for refused rows (NDJSON).")
@click.option("--model-in", type=click.Path(path_type=Path, dir_okay=False), help="Model to start from.")
@click.option("--model-out", type=click.Path(path_type=Path, dir_okay=False), help="File for the model at the end.")
@click.option("--state-out", type=click.Path(path_type=Path, file_okay=False), help="Folder for `vigie seed`.")
@click.option("--frozen", is_flag=True, help="Score with the model given alone: no learning.")
@click.option("--until", type=MONTH, help="Last month; it is taken as complete, and scored.")
@options_of(PerimeterOptions, HorizonOptions, RegimeOptions, CapOptions, AlertsOptions, ingest.IngestOptions)
def command(
    perimeter: PerimeterOptions,
    predicted: HorizonOptions,
    regime: RegimeOptions,
    cap: CapOptions,
    alerts: AlertsOptions,
    reading: ingest.IngestOptions,
    paths: tuple[Path, ...],
    scores: Path | None,
    alerts_file: Path | None,
    rejects: Path | None,
    model_in: Path | None,
    model_out: Path | None,
    state_out: Path | None,
    frozen: bool,
    until: int | None,
) -> None:
    """Run the whole detection chain over files, without Kafka.

    Each firm of the perimeter is scored at each month end with what was known by that day alone, by a model that had
    learned only from examples answered by then.

    \b
    vigie replay deliveries/ --scores scores.csv --alerts alerts.ndjson
    vigie replay deliveries/ --scores scores.parquet
    """  # noqa: D301 - \b is click's own mark: lines that are not to be joined
    chain = ChainOptions(DecisionOptions(perimeter), horizon=predicted.horizon)
    model = None if model_in is None else models.decode(_bytes(model_in))
    if model is not None:
        models.check_horizon(model, chain.horizon)
    report = Report()
    now = datetime.now(UTC)
    with ExitStack() as stack:
        refused = stack.enter_context(_output(rejects))
        scored, raised = stack.enter_context(_scores(scores)), stack.enter_context(_output(alerts_file))
        sink = Files(scored, raised)
        runs = ingest.frames(
            paths,
            report,
            today=now.date(),
            months=ingest.Months(None, until),
            on_reject=ignore if refused is None else writer(refused),
            options=reading,
        )
        options = ReplayOptions(
            chain,
            regime=regime,
            cap=cap,
            model=model,
            frozen=frozen,
            language=alerts.language,
            wording=raised is not None,
        )
        replay = Replay(options, sink, now, lambda line: click.echo(line, err=True))
        summary = replay.run(_closed(runs, until))
    if model_out is not None:
        _write(model_out, models.encode(replay.resumable()))
    if state_out is not None:
        seed.write(replay.chain, replay.resumable(), state_out)
    for line in (*report.notes, *report.lines()):
        click.echo(line, err=True)
    click.echo(
        f"{summary.events} events, {summary.month_ends} month ends, {summary.scores} scores, {summary.alerts} alerts, "
        f"{summary.learned} examples learned, {summary.regime_alarms} regime alarms; model {replay.model.version}",
        err=True,
    )
    failure = report.failure()
    if failure:
        raise failure


def _closed(runs: Iterator[Frames], until: int | None) -> Iterator[Frames]:
    yield from runs
    if until is not None:
        yield clock(first_day(until + 1))


@contextmanager
def _scores(path: Path | None) -> Iterator[ScoreFile | None]:
    with _output(path) as stream:
        if path is None or stream is None:
            yield None
        else:
            with score_file(path, stream) as file:
                yield file


@contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    try:
        stream = path.open("wb")
    except OSError as error:
        raise UnusableInput(f"{path} cannot be written: {error.strerror}. Name another file") from error
    try:
        yield stream
    finally:
        try:
            stream.close()
        except OSError as error:
            raise Unwritable(str(path), error) from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Unwritable(str(path), error) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. Give a file that `vigie replay --model-out` wrote") from None
