from detectors.errors import UnusableInput
from streams.errors import FilesFailed
from streams.rejects import Reject
from streams.report import FIRST_REJECTS, FileReport, Report


def file(name: str, rows: int = 0, error: str | None = None) -> FileReport:
    return FileReport(name, "debit", rows=rows, error=error)


def test_what_an_ingestion_ends_with() -> None:
    assert Report([file("a", 1), file("empty of rows")]).failure() is None
    assert isinstance(Report().failure(), UnusableInput)
    assert isinstance(Report([file("a", error="is broken")]).failure(), UnusableInput)
    some = Report([file("a", 1), file("b", error="is broken")]).failure()
    assert isinstance(some, FilesFailed)
    assert "b: debit" in str(some)
    assert "is broken" in str(some)
    # A file damaged after some rows was of use.
    assert isinstance(Report([file("a", 5, "cannot be read")]).failure(), FilesFailed)


def test_rejects_are_counted_by_column_and_reason() -> None:
    files = [file("a", 10), file("b", 10)]
    for number in range(8):
        reject = Reject(f"{'ab'[number % 2]}", number, "Siret", f"not a SIRET: '{number}'", "raw")
        files[number % 2].add_reject(reject, "not a SIRET")
    files[0].add_reject(Reject("a", 9, None, "cut short: 3 cells", "raw"), "cut short: 3 cells")
    report = Report(files)
    total = report.total()
    assert (total.rows, total.rejects) == (20, 9)
    assert total.reasons == {"Siret: not a SIRET": 8, "cut short: 3 cells": 1}
    assert len(total.first_rejects) == FIRST_REJECTS
    text = "\n".join(report.lines())
    assert "8 rejected for Siret: not a SIRET" in text
    assert "a, line 0, column Siret: not a SIRET: '0'" in text
