"""Files of a drop folder to Kafka, with nobody there: each content once, whatever stops it and whenever.

Effects of a run, in order: all its files are read and merged; their events are sent; Kafka has confirmed them all; the
file of rejects gets its name; the contents are noted as done, together; each file is moved away. A kill before the note
leaves everything to be done again, in the same order, from the beginning; one after it leaves files to be moved only.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from detectors.events import AnyEvent
from streams import ingest
from streams.drops import Drop, DropFolder
from streams.errors import Unwritable
from streams.progress import Finished, Progress
from streams.rejects import RejectSink, writer
from streams.report import FileReport, Report
from streams.sources import shown

Say = Callable[[str], None]
Send = Callable[[Iterator[AnyEvent]], None]
"""Sends all events, and returns once every one is confirmed."""


@dataclass
class _Sorting:
    """The drops of a run, by what is to be done with them."""

    fresh: dict[str, Drop] = field(default_factory=dict)
    """By digest: to be ingested."""
    known: list[tuple[str, Drop]] = field(default_factory=list)
    """Contents that were ingested before, or stand in `fresh` under another name."""
    unreadable: list[tuple[Drop, str]] = field(default_factory=list)


class Unattended:
    """Runs over the files of one folder. `now` is the wall clock, `say` takes lines for people."""

    def __init__(
        self,
        folder: DropFolder,
        progress: Progress,
        reading: ingest.IngestOptions,
        now: Callable[[], datetime],
        say: Say,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._reading = reading
        self._now = now
        self._say = say

    def run(self, drops: Sequence[Drop], report: Report, send: Send) -> list[str]:
        """Ingest the drops as one sequence; the names of those in quarantine now. `report` is filled on the way.

        Raises what `send` raises, StreamsError and Unwritable; then the run is to be made again.
        """
        sorting = self._sorted_out(drops)
        if sorting.fresh:
            with self._rejects(list(sorting.fresh)) as on_reject:
                send(self._events(sorting, report, on_reject))
        quarantined = self._settle(sorting, report)
        for digest, drop in sorting.known:
            self._note_known(digest, drop)
        for drop, reason in sorting.unreadable:
            # Its content is unknown; its place on the disk tells it from another of that name.
            self._set_aside(drop, f"{drop.stamp.inode:012d}", reason)
        return [*quarantined, *(drop.name for drop, _ in sorting.unreadable)]

    def _sorted_out(self, drops: Sequence[Drop]) -> _Sorting:
        sorting = _Sorting()
        for drop in drops:
            try:
                digest = drop.digest()
            except FileNotFoundError:
                self._say(f"{drop.name}: gone before it was read")
            except OSError as error:
                sorting.unreadable.append((drop, f"cannot be read: {error.strerror}. Check its rights and the disk"))
            else:
                if digest in sorting.fresh or self._progress.finished(digest) is not None:
                    sorting.known.append((digest, drop))
                else:
                    sorting.fresh[digest] = drop
        return sorting

    def _events(self, sorting: _Sorting, report: Report, on_reject: RejectSink) -> Iterator[AnyEvent]:
        return ingest.events(
            [drop.path for drop in sorting.fresh.values()],
            report,
            today=self._now().date(),
            on_reject=on_reject,
            options=self._reading,
        )

    def _settle(self, sorting: _Sorting, report: Report) -> list[str]:
        """Note what was ingested, then move all that was looked at; the names of what was of no use."""
        finished, bad = {}, {}
        for digest, drop in list(sorting.fresh.items()):
            files = _files_of(drop, report)
            reason = _reason_against(files)
            if reason is not None:
                bad[digest] = (drop, reason)
            elif drop.unchanged():
                rows, events = sum(f.rows for f in files), sum(f.events for f in files)
                finished[digest] = Finished(drop.name, self._now(), rows, events)
            else:
                self._say(f"{drop.name}: changed while it was read, and will be read again")
        self._progress.finish(finished)
        for digest in finished:
            self._folder.set_done(sorting.fresh[digest], digest)
        for digest, (drop, reason) in bad.items():
            self._set_aside(drop, digest, reason)
        return [drop.name for drop, _ in bad.values()]

    def _note_known(self, digest: str, drop: Drop) -> None:
        """Move a content away that was ingested; not where it is that of a file that turned out to be of no use."""
        before = self._progress.finished(digest)
        if before is None:
            self._say(f"{drop.name}: the same content as a file that was not ingested; looked at again")
        elif drop.unchanged():
            target = self._folder.set_done(drop, digest)
            self._say(
                f"{drop.name}: not sent again, {before.name} with the same content was ingested on "
                f"{before.at:%Y-%m-%d %H:%M}; moved to {shown(target)}"
            )

    def _set_aside(self, drop: Drop, digest: str, reason: str) -> None:
        target = self._folder.set_aside(drop, digest, reason)
        self._say(f"{drop.name}: moved to {shown(target)}: {reason}")

    @contextmanager
    def _rejects(self, digests: list[str]) -> Iterator[RejectSink]:
        """The run's file of rejects, under its name at the end only, and only with something in it.

        Its name comes of what is ingested: a run that is made again replaces it.
        """
        run = hashlib.sha256("".join(digests).encode()).hexdigest()[:12]
        path = self._folder.rejects / f"run-{run}.ndjson"
        partial = path.with_name(f".{path.name}.tmp")
        try:
            with _told(shown(path)):
                stream = partial.open("wb")
            with stream:
                yield writer(stream)
                with _told(shown(path)):
                    stream.flush()
            if partial.stat().st_size:
                with _told(shown(path)):
                    partial.replace(path)
                self._say(f"rejected rows: {shown(path)}")
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(what, error) from error


def _files_of(drop: Drop, report: Report) -> list[FileReport]:
    """The reports of a drop: its own, or those of an archive's members."""
    name = shown(drop.path)
    return [file for file in report.files if file.name == name or file.name.startswith(f"{name}/")]


def _reason_against(files: Sequence[FileReport]) -> str | None:
    """Why a drop is of no use, None where it is."""
    errors = [file.summary() for file in files if file.error]
    if errors:
        read = any(file.rows for file in files)
        return "; ".join(errors) + (". What could be read was ingested: send the whole file again" if read else "")
    if not files:
        return "an archive without any partner file. Look into it, and send the files in it that are meant"
    rows, rejects = sum(file.rows for file in files), sum(file.rejects for file in files)
    if rows and rows == rejects:
        first = next(reject for file in files for reject in file.first_rejects)
        column = f", column {first.column}" if first.column else ""
        return f"every row of {rows} was rejected, the first (line {first.line}{column}) for: {first.reason}"
    return None
