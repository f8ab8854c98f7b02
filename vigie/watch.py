"""`vigie ingest --watch`: looks at a folder again and again, and ingests what has arrived."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from detectors.errors import VigieError
from streams.admin import connect
from streams.cluster import Cluster
from streams.drops import Drop, DropFolder, Stillness
from streams.errors import FilesFailed
from streams.ingest import IngestOptions
from streams.progress import Progress
from streams.send import Sender, SendOptions
from streams.sole import sole
from streams.sources import shown
from streams.unattended import Unattended
from vigie.ingestion import ingestion

if TYPE_CHECKING:
    from streams.traces import Traces

PROGRESS_FILE = "ingest-progress.json"
LOCK_FILE = ".vigie-ingest.lock"


@dataclass(frozen=True)
class Watch:
    """What a watch is made of."""

    cluster: Cluster
    sending: SendOptions
    reading: IngestOptions
    folder: Path
    data: Path
    poll_seconds: float
    rate: float | None
    report_file: Path | None
    traces: "Traces | None" = None


def watch(options: Watch, *, once: bool) -> None:
    """Ingest what arrives until SIGTERM or SIGINT, which let the run in hand end; a second one ends at once.

    With `once`, look twice, ingest what was still, and return. Raises FilesFailed where that put files in quarantine,
    Busy, UnusableInput, Unwritable, ClusterError, and what may pass by itself (retriable) with `once` alone: else it is
    told, and tried again at the next look.
    """
    folder = DropFolder(options.folder)
    with ExitStack() as held:
        for place in (options.folder, options.data):
            held.enter_context(sole(place / LOCK_FILE, f"ingests the files of {shown(place)}"))
        stopping = held.enter_context(_stopping())
        _look_once(options, folder, stopping) if once else _look_for_ever(options, folder, stopping)


def _look_once(options: Watch, folder: DropFolder, stopping: threading.Event) -> None:
    before = folder.look()
    if before:
        stopping.wait(options.poll_seconds)
    seen = folder.look()
    still = [Drop(path, stamp) for path, stamp in seen.items() if before.get(path) == stamp]
    for path in seen.keys() - {drop.path for drop in still}:
        click.echo(f"{shown(path.name)}: still being written, left for the next time", err=True)
    quarantined = _run(options, folder, still) if still and not stopping.is_set() else []
    if quarantined:
        raise FilesFailed(
            f"{len(quarantined)} files could not be used: {', '.join(quarantined)}. The reasons stand beside them, in "
            f"{shown(folder.quarantine)}; what else there was went through"
        )


def _look_for_ever(options: Watch, folder: DropFolder, stopping: threading.Event) -> None:
    stillness, told = Stillness(), ""
    click.echo(f"watching {shown(folder.folder)}", err=True)
    while not stopping.is_set():
        still = stillness.take(folder.look())
        try:
            if still:
                _run(options, folder, still)
                told = ""
        except VigieError as error:
            if not error.retriable:
                raise
            if str(error) != told:
                told = str(error)
                click.echo(f"{told}. Trying again every {options.poll_seconds:g} s", err=True)
        stopping.wait(options.poll_seconds)


def _run(options: Watch, folder: DropFolder, drops: list[Drop]) -> list[str]:
    """Ingest these drops; the names of those that went to quarantine."""
    with connect(options.cluster) as admin:
        destination = admin.cluster_id()
    progress = Progress(options.data / PROGRESS_FILE, destination)
    with (
        ingestion(options.report_file) as run,
        closing(Sender(options.cluster, options.sending, _now_ms, traces=options.traces)) as sender,
    ):
        unattended = Unattended(folder, progress, options.reading, lambda: datetime.now(UTC), run.meter.say)
        return unattended.run(drops, run.report, lambda events: run.send(events, sender, options.rate))


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, each doing what it did before from then on."""
    event = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature of a handler
        event.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
