"""`vigie ingest`: partner files to events, on Kafka or as lines."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from detectors.errors import UnusableInput
from detectors.events import AnyEvent
from streams import ingest
from streams.cluster import Cluster
from streams.errors import Unwritable
from streams.pace import paced
from streams.partners import KINDS
from streams.rejects import RejectSink, ignore, writer
from streams.report import Report
from streams.send import Sender, SendOptions
from streams.sinks import EventSink, LineSink
from vigie.parameters import MONTH
from vigie.settings import options_of

_TO_KAFKA, _TO_STDOUT = "kafka", "-"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Read every file as this kind, whatever its header.")
@click.option("--to", default=_TO_KAFKA, metavar="kafka|FILE|-", help="Where events go: Kafka, a file, - is stdout.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="File for refused rows.")
@click.option(
    "--from",
    "from_",
    envvar="VIGIE_INGEST_FROM",
    type=MONTH,
    help="First month, by known_at; reference data always go.",
)
@click.option("--until", type=MONTH, help="Last month, by known_at.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Events a second, at most.")
@options_of(Cluster, SendOptions, ingest.IngestOptions)
def command(
    cluster: Cluster,
    sending: SendOptions,
    reading: ingest.IngestOptions,
    paths: tuple[Path, ...],
    kind: str | None,
    to: str,
    rejects: Path | None,
    from_: int | None,
    until: int | None,
    rate: float | None,
) -> None:
    """Read partner files and write their events.

    PATH is a file (also .gz or .zip) or a folder. The kind of a file is found from its header. Events go out in the
    order in which the network could first know them. A row that cannot be read is rejected, the others go through.

    Example: vigie ingest deliveries/ --rejects rejects.ndjson

    Exit status: 1 if some file failed, 2 if none could be used; rejected rows alone leave it at 0.
    """
    for option, path in (("--rejects", rejects), ("--to", None if to in (_TO_KAFKA, _TO_STDOUT) else Path(to))):
        _refuse_overwriting(option, path, paths)
    report = Report()
    with _reject_sink(rejects) as on_reject, _sink(to, cluster, sending) as sink:
        events = ingest.events(
            paths,
            report,
            today=datetime.now(UTC).date(),
            kind=kind,
            months=ingest.Months(from_, until),
            on_reject=on_reject,
            options=reading,
        )
        _send(paced(events, rate, time.monotonic, time.sleep) if rate else events, sink, report)
    failure = report.failure()
    if failure:
        raise failure


def _send(events: Iterable[AnyEvent], sink: EventSink, report: Report) -> None:
    """Show what was read, then send. Raises UnusableInput before it touches the sink if no file was usable."""
    count = 0
    for event in events:
        if not count:
            _show(report)
        sink.send(event)
        count += 1
    if not count:
        _show(report)
    failure = report.failure()
    if isinstance(failure, UnusableInput):
        raise failure
    sink.flush()
    click.echo(f"{count} events written, clocks included", err=True)


def _show(report: Report) -> None:
    """Once, when all files are read: nothing was sent before."""
    for line in (*report.notes, *report.lines()):
        click.echo(line, err=True)


@contextmanager
def _sink(to: str, cluster: Cluster, sending: SendOptions) -> Iterator[EventSink]:
    if to == _TO_STDOUT:
        yield LineSink(click.get_binary_stream("stdout"))
    elif to == _TO_KAFKA:
        with closing(Sender(cluster, sending, lambda: time.time_ns() // 1_000_000)) as sender:
            yield sender
    else:
        with _replacing(Path(to)) as stream:
            yield LineSink(stream)


@contextmanager
def _reject_sink(path: Path | None) -> Iterator[RejectSink]:
    if path is None:
        yield ignore
    else:
        with _opened(path, "--rejects") as stream:
            yield writer(stream)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream that becomes the file at the end only: an ingestion that fails leaves an older one as it was."""
    if path.exists() and not path.is_file():
        with _opened(path, "--to") as stream:  # a pipe or a device
            yield stream
        return
    partial = path.with_name(path.name + ".partial")
    try:
        with _opened(partial, "--to") as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, option: str) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("wb")
    except OSError as error:
        raise UnusableInput(
            f"{option}: {path} cannot be written: {error.strerror}. Name a file in a folder that you may write to"
        ) from error
    try:
        yield stream
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritable(str(path), error) from error
    finally:
        with suppress(OSError):  # it was told above, and closing tries again to write what is left
            stream.close()


def _refuse_overwriting(option: str, path: Path | None, inputs: tuple[Path, ...]) -> None:
    if path is not None and path.exists() and any(path.samefile(given) for given in inputs):
        raise UnusableInput(f"{option}: {path} is one of the files to read, and would be overwritten. Name another one")
