"""What became of the files of one ingestion: counts a file, and what failed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from detectors.errors import UnusableInput, VigieError
from streams.errors import FilesFailed
from streams.rejects import Reject

FIRST_REJECTS = 3
TOP_REASONS = 5


@dataclass
class FileReport:
    """One file. `rows` = rows with events or without any + `rejects` + `skipped`; `outside` events are of months not
    asked for. `reasons` counts rejects by column and by reason, values left out. `seconds` is how long its reading and
    sorting took. `error` ended its reading.
    """

    name: str
    kind: str | None = None
    rows: int = 0
    events: int = 0
    rejects: int = 0
    skipped: int = 0
    outside: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Reject] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    def add_reject(self, reject: Reject, why: str) -> None:
        """Count a reject; `why` is its reason without the row's own values."""
        self.rejects += 1
        self.reasons[f"{reject.column}: {why}" if reject.column else why] += 1
        if len(self.first_rejects) < FIRST_REJECTS:
            self.first_rejects.append(reject)

    def summary(self) -> str:
        """One line."""
        if self.kind is None:
            return f"{self.name}: {self.error}"
        return f"{self.name}: {self.kind}, {_counts(self)}{'; ' + self.error if self.error else ''}"


@dataclass
class Report:
    """All files, in the order read. `notes` name the files of folders and archives that are no partner files."""

    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def total(self) -> FileReport:
        """The sums over all files."""
        total = FileReport("total")
        for file in self.files:
            total.rows += file.rows
            total.events += file.events
            total.rejects += file.rejects
            total.skipped += file.skipped
            total.outside += file.outside
            total.reasons += file.reasons
            total.seconds += file.seconds
            total.first_rejects += file.first_rejects[: FIRST_REJECTS - len(total.first_rejects)]
        return total

    def failure(self) -> VigieError | None:
        """The error to end with: UnusableInput if no file could be used, FilesFailed if only some, else None."""
        failed = [file for file in self.files if file.error]
        if not self.files:
            return UnusableInput(_nothing(len(self.notes)))
        if not failed:
            return None
        text = "; ".join(file.summary() for file in failed)
        if all(file.error and not file.rows for file in self.files):
            return UnusableInput(text)
        return FilesFailed(f"{text}. The other files went through")

    def lines(self) -> Iterator[str]:
        """The summary for people: a line a file, the total, the most frequent reasons and the first rejects."""
        yield from (file.summary() for file in self.files)
        total = self.total()
        yield f"total: {len(self.files)} files, {_counts(total)}"
        for reason, count in total.reasons.most_common(TOP_REASONS):
            yield f"  {count} rejected for {reason}"
        for reject in total.first_rejects:
            column = f", column {reject.column}" if reject.column else ""
            yield f"  {reject.file}, line {reject.line}{column}: {reject.reason}"


def _counts(file: FileReport) -> str:
    parts = [f"{file.rows} rows", f"{file.events} events", f"{file.rejects} rejected"]
    if file.skipped:
        parts.append(f"{file.skipped} skipped")
    if file.outside:
        parts.append(f"{file.outside} events of other months left out")
    return ", ".join(parts)


def _nothing(notes: int) -> str:
    return (
        f"no partner file among what was given ({notes} other files): nothing was done. Name a partner file, or a "
        "folder with some"
    )
