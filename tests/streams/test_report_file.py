import json
from pathlib import Path

from streams.rejects import Reject
from streams.report import FileReport, Report
from streams.report_file import write_report


def test_counts_by_file_and_in_total(tmp_path: Path) -> None:
    good = FileReport("a", "debit", rows=4, events=2, skipped=1, seconds=1.5)
    good.add_reject(Reject("a", 2, "Siret", "not a SIRET: '1'", "raw"), "not a SIRET")
    broken = FileReport("b", "procol", rows=1, events=1, seconds=0.25, error="cannot be read")
    path = tmp_path / "report.json"
    write_report(path, Report([good, broken], ["c: skipped"]), sent=5, seconds=3.0, error="b: cannot be read")
    counts = {"rows": 4, "events": 2, "rejects": 1, "skipped": 1, "outside": 0, "seconds": 1.5}
    assert json.loads(path.read_text()) == {
        "files": [
            {"name": "a", "kind": "debit", **counts, "reasons": {"Siret: not a SIRET": 1}, "error": None},
            {
                "name": "b", "kind": "procol", "rows": 1, "events": 1, "rejects": 0, "skipped": 0, "outside": 0,
                "reasons": {}, "seconds": 0.25, "error": "cannot be read",
            },
        ],
        "notes": ["c: skipped"],
        "totals": {
            "files": 2, "rows": 5, "events": 3, "rejects": 1, "skipped": 1, "outside": 0,
            "reasons": {"Siret: not a SIRET": 1}, "seconds": 1.75,
        },
        "sent": 5,
        "seconds": 3.0,
        "error": "b: cannot be read",
    }  # fmt: skip
