"""The report of an ingestion for machines: one JSON object."""

from pathlib import Path
from typing import Any

import msgspec

from streams.report import FileReport, Report
from streams.whole_file import write_whole


def write_report(path: Path, report: Report, *, sent: int, seconds: float, error: str | None) -> None:
    """Replace the file by {files, notes, totals, sent, seconds, error}. Raises Unwritable.

    `sent` counts events, clocks included; `seconds` is the whole run's; `error` is what it ended with, null if nothing.
    """
    document = {
        "files": [{"name": f.name, "kind": f.kind, **_counts(f), "error": f.error} for f in report.files],
        "notes": report.notes,
        "totals": {"files": len(report.files), **_counts(report.total())},
        "sent": sent,
        "seconds": round(seconds, 3),
        "error": error,
    }
    write_whole(path, msgspec.json.format(msgspec.json.encode(document)) + b"\n")


def _counts(file: FileReport) -> dict[str, Any]:
    return {
        "rows": file.rows,
        "events": file.events,
        "rejects": file.rejects,
        "skipped": file.skipped,
        "outside": file.outside,
        "reasons": dict(file.reasons.most_common()),
        "seconds": round(file.seconds, 3),
    }
