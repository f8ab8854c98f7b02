"""`vigie ingest`: partner files to events, on Kafka or as lines."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from detectors.errors import UnusableInput
from streams import ingest
from streams.cluster import Cluster
from streams.errors import Unwritable
from streams.partners import KINDS
from streams.rejects import RejectSink, ignore, writer
from streams.send import Sender, SendOptions
from streams.sinks import EventSink, LineSink
from vigie.ingestion import ingestion
from vigie.parameters import MONTH
from vigie.settings import options_of
from vigie.tracing import traces_option, tracing
from vigie.watch import Watch, watch

if TYPE_CHECKING:
    from streams.traces import Traces

PROGRAM = "vigie-ingest"
_TO_KAFKA, _TO_STDOUT = "kafka", "-"
_WATCH = "Instead of PATH: a folder into which files are dropped, to be sent to Kafka as they arrive."


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
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
@click.option(
    "--report",
    "report_file",
    envvar="VIGIE_INGEST_REPORT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the report as JSON; with --watch, that of the last run.",
)
@click.option(
    "--watch", "drops", envvar="VIGIE_INGEST_WATCH", type=click.Path(path_type=Path), metavar="DIR", help=_WATCH
)
@click.option("--once", is_flag=True, help="With --watch: ingest what is there, and end. For cron.")
@click.option(
    "--poll-seconds",
    default=5.0,
    type=click.FloatRange(min=0, min_open=True),
    help="With --watch: time between two looks; a file that stays as it is for so long is whole. (seconds)",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("vigie-data"),
    envvar="VIGIE_DATA",
    help="With --watch: local state, which says what was ingested.",
)
@options_of(Cluster, SendOptions, ingest.IngestOptions)
@traces_option
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
    report_file: Path | None,
    drops: Path | None,
    once: bool,
    poll_seconds: float,
    data: Path,
    traces_to: str | None,
) -> None:
    """Read partner files and write their events.

    PATH is a file (also .gz or .zip) or a folder. The kind of a file is found from its header. Events go out in the
    order in which the network could first know them. A row that cannot be read is rejected, the others go through.

    Example: vigie ingest deliveries/ --rejects rejects.ndjson

    With --watch DIR instead of PATH, what arrives in DIR is sent to Kafka, each content once, until SIGTERM. Files move
    to DIR/done or DIR/quarantine; names in .part or .tmp are left alone until they are renamed.

    Example: vigie ingest --watch drops/

    Exit status: 1 if some file failed, 2 if none could be used; rejected rows alone leave it at 0.
    """
    if drops is not None:
        if report_file is not None and report_file.absolute().parent == drops.absolute():
            raise click.UsageError("--report: in the folder watched it would be taken for a drop. Name another folder")
        _refuse_with_watch(paths=paths, kind=kind, rejects=rejects, from_=from_, until=until, to=to)
        with tracing(traces_to, PROGRAM) as traces:
            watch(Watch(cluster, sending, reading, drops, data, poll_seconds, rate, report_file, traces), once=once)
        return
    if not paths:
        raise click.UsageError("name files or folders to read, or a folder to watch with --watch DIR")
    if once:
        raise click.UsageError("--once says how to --watch a folder: name it, or leave --once out")
    outputs = {
        "--rejects": rejects,
        "--report": report_file,
        "--to": None if to in (_TO_KAFKA, _TO_STDOUT) else Path(to),
    }
    for option, path in outputs.items():
        _refuse_overwriting(option, path, paths)
    with ingestion(report_file) as run:
        with (
            tracing(traces_to, PROGRAM) as traces,
            _reject_sink(rejects) as on_reject,
            _sink(to, cluster, sending, traces) as sink,
        ):
            runs = ingest.frames(
                paths,
                run.report,
                today=datetime.now(UTC).date(),
                kind=kind,
                months=ingest.Months(from_, until),
                on_reject=on_reject,
                options=reading,
            )
            if isinstance(sink, LineSink) and rate is None:
                run.write(runs, sink)
            else:
                run.send(ingest.structs(runs), sink, rate)
            failure = run.report.failure()
            if isinstance(failure, UnusableInput):
                raise failure  # before an older output is replaced by nothing
        if failure:
            raise failure


@contextmanager
def _sink(to: str, cluster: Cluster, sending: SendOptions, traces: "Traces | None") -> Iterator[EventSink]:
    if to == _TO_STDOUT:
        yield LineSink(click.get_binary_stream("stdout"))
    elif to == _TO_KAFKA:
        now_ms = lambda: time.time_ns() // 1_000_000  # noqa: E731
        with closing(Sender(cluster, sending, now_ms, traces=traces)) as sender:
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


def _refuse_with_watch(*, to: str, **given: object) -> None:
    """What would make a content count as ingested that was not, or not all of it, has no place in a watch."""
    names = {"paths": "PATH", "from_": "--from"}
    extra = [names.get(name, f"--{name}") for name, value in given.items() if value not in (None, ())]
    if to != _TO_KAFKA:
        extra.append("--to")
    if extra:
        raise click.UsageError(
            f"--watch sends all that arrives to Kafka, and puts rejects into DIR/rejects: leave out {', '.join(extra)}"
        )


def _refuse_overwriting(option: str, path: Path | None, inputs: tuple[Path, ...]) -> None:
    if path is not None and path.exists() and any(path.samefile(given) for given in inputs):
        raise UnusableInput(f"{option}: {path} is one of the files to read, and would be overwritten. Name another one")
